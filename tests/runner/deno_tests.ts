import { runBuffered, runStreamed } from "./stream.ts";
import { addTallies, denoTally, type Tally } from "./tally.ts";
import { testFiles } from "./test_files.ts";

/** Runs the tests that `args` select with this very Deno. */
export async function runDenoTests(args: readonly string[]): Promise<Tally> {
  const { code, output } = await runStreamed(Deno.execPath(), ["test", "-A", ...args]);
  return denoTally(output, code);
}

/**
 * Runs all tests below `folder` in two processes: most of the time goes to waiting for live clips and for processes.
 * What the second process prints follows when the first has ended.
 */
export async function runAllDenoTests(folder: string): Promise<Tally> {
  const files = await testFiles(folder);
  const half = (parity: number) => files.filter((_, i) => i % 2 === parity);
  const first = runDenoTests(half(0));
  const second = runBuffered(Deno.execPath(), ["test", "-A", ...half(1)], first);
  const { code, output } = await second;
  return addTallies([await first, denoTally(output, code)]);
}
