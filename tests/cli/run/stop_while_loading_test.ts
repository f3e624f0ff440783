import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { withFiles } from "../../config/pipeline_file.ts";

const MAIN = fileURLToPath(new URL("../../../src/main.ts", import.meta.url));
/** Before the fix, about 1 try in 13 crashed. */
const TRIES = Deno.env.get("WHENCE_LONG_TESTS") === "1" ? 300 : 40;
/** Longer than loading takes on an idle machine, ms. */
const LATEST_MS = 250;

const PIPELINE = `source: { video: test://ball, audio: test://sine }
model: denseav-mini
runtime: { providers: [cpu], threads: 1 }
publish: { jsonl: events.jsonl }
`;

Deno.test(`run: SIGTERM while the model loads ends the process cleanly (${TRIES} tries)`, async () => {
  await withFiles({ "front.yaml": PIPELINE }, async (folder) => {
    for (let i = 0; i < TRIES; i++) {
      const outcome = await stopAfter(join(folder, "front.yaml"), LATEST_MS * i / TRIES);
      assert.deepEqual(outcome, { code: 0, signal: null }, `try ${i}`);
    }
  });
});

/** Runs a pipeline and sends SIGTERM so many ms after it said that it starts. */
async function stopAfter(file: string, delayMs: number) {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", MAIN, "run", file],
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
