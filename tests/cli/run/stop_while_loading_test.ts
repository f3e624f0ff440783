import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { withFiles } from "../../config/pipeline_file.ts";

const MAIN = fileURLToPath(new URL("../../../src/main.ts", import.meta.url));
/** Before the fix, about 1 try in 13 crashed. */
const TRIES = 300;
const AT_ONCE = 4;
/** Longer than loading takes while so many do it, ms. */
const LATEST_MS = 800;

const PIPELINE = `source: { video: test://ball, audio: test://sine }
model: denseav-mini
runtime: { providers: [cpu], threads: 1 }
publish: { jsonl: events.jsonl }
`;

Deno.test(`run: SIGTERM while the model loads ends the process cleanly (${TRIES} tries)`, async () => {
  await withFiles({ "front.yaml": PIPELINE }, async (folder) => {
    const tries = Array(TRIES).keys();
    const work = async (_: unknown, worker: number) => {
      const args = [join(folder, "front.yaml"), "--state", join(folder, `state-${worker}`)];
      for (const i of tries) {
        const outcome = await stopAfter(args, LATEST_MS * i / TRIES);
        assert.deepEqual(outcome, { code: 0, signal: null }, `try ${i}`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  });
});

/** Runs a pipeline and sends SIGTERM so many ms after it said that it starts. */
async function stopAfter(args: readonly string[], delayMs: number) {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", MAIN, "run", ...args],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let said = "";
  for await (const text of process.stderr.pipeThrough(new TextDecoderStream())) {
    const before = said;
    said += text;
    if (!before.includes("starting") && said.includes("starting")) {
      setTimeout(() => process.kill("SIGTERM"), delayMs);
    }
  }
  const { code, signal } = await process.status;
  return { code, signal };
}
