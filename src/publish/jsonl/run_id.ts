const RANDOM_CHARACTERS = 6;

/** Identifies this run of the program: when it started (UTC), and random characters, as clocks can be wrong. */
export const RUN_ID: string = [
  new Date().toISOString().replace(/[-:]|\.\d+/g, ""),
  crypto.randomUUID().slice(0, RANDOM_CHARACTERS),
].join("-");

/** An encoded event with the key `run` in front. */
export function withRunId(line: string, run: string): string {
  return `{"run":${JSON.stringify(run)},${line.slice(1)}`;
}
