import { fileURLToPath } from "node:url";
import { runBuffered, runStreamed } from "./stream.ts";
import { addTallies, denoTally, type Tally } from "./tally.ts";
import { testFiles } from "./test_files.ts";

/** Runs the tests that `args` select with this very Deno. */
export async function runDenoTests(args: readonly string[]): Promise<Tally> {
  const { code, output } = await runStreamed(Deno.execPath(), ["test", "-A", ...args]);
  return denoTally(output, code);
}

const SEED = fileURLToPath(new URL("fixed_seed.ts", import.meta.url));
const ALL = ["test", "-A", `--preload=${SEED}`];

/** Tests of what is found at live pace; beside other tests, the machine may be too slow for them. */
const LIVE = /_live_test\.ts$/;

/**
 * Runs all tests below `folder`: most of them in two processes, because much of their time goes to waiting for clips and
 * processes, then those at live pace. What the second process prints follows when the first has ended.
 */
export async function runAllDenoTests(folder: string): Promise<Tally> {
  const files = await testFiles(folder);
  const usual = files.filter((file) => !LIVE.test(file));
  const half = (parity: number) => usual.filter((_, i) => i % 2 === parity);
  const first = runStreamed(Deno.execPath(), [...ALL, ...half(0)]);
  const second = runBuffered(Deno.execPath(), [...ALL, ...half(1)], first);
  await second;
  const live = await runStreamed(Deno.execPath(), [
    ...ALL,
    ...files.filter((file) => LIVE.test(file)),
  ]);
  return addTallies(
    [await first, await second, live].map(({ code, output }) => denoTally(output, code)),
  );
}
