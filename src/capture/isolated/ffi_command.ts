import { fileURLToPath } from "node:url";

const PROJECT = new URL("../../../", import.meta.url);

/** The command of a capture process that uses GStreamer through Deno's FFI, with no other permission. */
export function ffiCommand(): [string, ...string[]] {
  return [
    Deno.execPath(),
    ...["run", "--quiet", "--no-prompt", "--cached-only"],
    `--config=${fileURLToPath(new URL("deno.json", PROJECT))}`,
    "--v8-flags=--max-semi-space-size=1",
    "--allow-ffi",
    import.meta.resolve("./main.ts"),
  ];
}
