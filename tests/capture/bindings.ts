import { builtAddon } from "../../src/capture/isolated/superficial/addon.ts";

/** A way to reach GStreamer, and the keys of `source` that choose it. */
export interface Binding {
  readonly name: string;
  readonly via: Readonly<Record<string, unknown>>;
  /** Why it cannot be tested on this machine. */
  readonly missing?: string;
}

/** All ways to reach GStreamer. */
export const BINDINGS: readonly Binding[] = [
  { name: "FFI in this process", via: {} },
  { name: "FFI in a child process", via: { isolate: true } },
  {
    name: "node-gstreamer-superficial",
    via: { binding: "superficial" },
    missing: builtAddon() === undefined
      ? "the addon is not built; build it with: deno task whence setup superficial"
      : undefined,
  },
];

/** Runs a step for each way to reach GStreamer. */
export async function eachBinding(
  t: Deno.TestContext,
  run: (via: Binding["via"]) => Promise<void>,
  bindings: readonly Binding[] = BINDINGS,
): Promise<void> {
  for (const { name, via, missing } of bindings) {
    await t.step({
      name: missing === undefined ? name : `${name}: skipped, ${missing}`,
      ignore: missing !== undefined,
      fn: () => run(via),
    });
  }
}
