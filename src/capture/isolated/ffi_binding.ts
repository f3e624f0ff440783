import type { ChildBinding } from "./child_pipeline.ts";

/** Covers the start of the process and the limit of building the pipeline, which it reports itself, ms. */
const GRACE_MS = 45_000;

/** A capture process that uses GStreamer through Deno's FFI, and has no other permission. It loads no npm packages. */
export function ffiBinding(): ChildBinding {
  const command = [
    Deno.execPath(),
    ...["run", "--quiet", "--no-prompt", "--no-remote", "--no-config", "--no-lock", "--no-npm"],
    "--v8-flags=--max-semi-space-size=1",
    "--allow-ffi",
    import.meta.resolve("./main.ts"),
  ] as const;
  return { command, graceMs: GRACE_MS, translate: (message) => message };
}
