/** How many tests a runner counted. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
}

/** Sum over all runners. */
export function addTallies(tallies: readonly Tally[]): Tally {
  return tallies.reduce(
    (sum, { passed, failed }) => ({ passed: sum.passed + passed, failed: sum.failed + failed }),
    { passed: 0, failed: 0 },
  );
}

/**
 * Reads the closing line of `deno test`, such as `ok | 12 passed (3 steps) | 1 failed | 2 ignored (4s)`. A run without
 * one, or with another exit code than its counts tell, counts as a failure more.
 */
export function denoTally(output: string, code: number): Tally {
  const lines = output.matchAll(/^(?:ok|FAILED) \| (\d+) passed[^|\n]*\| (\d+) failed/gm);
  return settled([...lines].at(-1), code);
}

/** Reads the closing line of pytest, such as `1 failed, 12 passed, 1 skipped in 3.21s`. */
export function pytestTally(output: string, code: number): Tally {
  const line = output.match(/^=*\s*[^\n]*\b\d+ (?:passed|failed|error|skipped)[^\n]* in [\d.]+s/gm)
    ?.at(-1);
  const count = (word: string) => Number(line?.match(new RegExp(`(\\d+) ${word}`))?.[1] ?? 0);
  const counts = line && ["", String(count("passed")), String(count("failed") + count("error"))];
  return settled(counts, code);
}

function settled(counts: readonly string[] | undefined | "", code: number): Tally {
  if (!counts) return { passed: 0, failed: 1 };
  const [passed, failed] = [Number(counts[1]), Number(counts[2])];
  return { passed, failed: code !== 0 && failed === 0 ? 1 : failed };
}
