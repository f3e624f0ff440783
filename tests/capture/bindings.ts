/** A way to reach GStreamer, and the keys of `source` that choose it. */
interface Binding {
  readonly name: string;
  readonly via: Readonly<Record<string, unknown>>;
}

const BINDINGS: readonly Binding[] = [
  { name: "FFI in this process", via: {} },
  { name: "FFI in a child process", via: { isolate: true } },
];

/** Runs a step for each way to reach GStreamer. */
export async function eachBinding(
  t: Deno.TestContext,
  run: (via: Binding["via"]) => Promise<void>,
): Promise<void> {
  for (const { name, via } of BINDINGS) await t.step(name, () => run(via));
}
