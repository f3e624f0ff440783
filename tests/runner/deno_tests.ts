import { runStreamed } from "./stream.ts";
import { denoTally, type Tally } from "./tally.ts";

/** Runs Deno's tests with this very Deno. */
export async function runDenoTests(args: readonly string[]): Promise<Tally> {
  const { code, output } = await runStreamed(Deno.execPath(), ["test", "-A", ...args]);
  return denoTally(output, code);
}
