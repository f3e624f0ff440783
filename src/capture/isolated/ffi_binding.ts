import { fileURLToPath } from "node:url";

import type { ChildBinding } from "./child_pipeline.ts";

const PROJECT = new URL("../../../", import.meta.url);

/** A capture process that uses GStreamer through Deno's FFI, and has no other permission. */
export function ffiBinding(): ChildBinding {
  const command = [
    Deno.execPath(),
    ...["run", "--quiet", "--no-prompt", "--cached-only"],
    `--config=${fileURLToPath(new URL("deno.json", PROJECT))}`,
    "--v8-flags=--max-semi-space-size=1",
    "--allow-ffi",
    import.meta.resolve("./main.ts"),
  ] as const;
  return { command, translate: (message) => message };
}
