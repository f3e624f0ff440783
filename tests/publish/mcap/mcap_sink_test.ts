import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { MCAP_PYTHON, readMcap } from "../../mcap/read_mcap.ts";
import { eventually } from "../../support/eventually.ts";
import { decodeLine } from "../../support/read_jsonl.ts";

const PROJECT = fileURLToPath(new URL("../../../", import.meta.url));
const CLIP = join(PROJECT, "models/denseav-mini/demo.mkv");
const PIPELINE = `source: { uri: ${CLIP}, pace: live }
model: denseav-mini
camera: { frame_id: head, hfov: 60deg }
publish:
  jsonl: events.jsonl
  mcap: { path: recordings }
`;

/** A busy machine takes long to load the model. */
const PATIENCE_MS = 120_000;

async function withPipeline(use: (folder: string, file: string) => Promise<void>) {
  const folder = await Deno.makeTempDir({ prefix: "whence-mcap-" });
  try {
    const file = join(folder, "robot.yaml");
    await Deno.writeTextFile(file, PIPELINE);
    await use(folder, file);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Starts `whence run`. */
function start(file: string): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", join(PROJECT, "src/main.ts"), "run", file],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
}

async function eventLines(folder: string): Promise<number> {
  const text = await Deno.readTextFile(join(folder, "events.jsonl")).catch(() => "");
  return text.split("\n").length - 1;
}

function recordingIn(folder: string): string {
  const files = [...Deno.readDirSync(join(folder, "recordings"))].map(({ name }) => name);
  assert.equal(files.length, 1);
  assert.match(files[0], /^robot-\d{8}T\d{6}Z\.mcap$/);
  return join(folder, "recordings", files[0]);
}

Deno.test({
  name: "publish.mcap writes pictures, maps, scores, optics and every event of a run",
  ignore: MCAP_PYTHON === undefined,
  fn: () =>
    withPipeline(async (folder, file) => {
      const process = start(file);
      await eventually("events", async () => await eventLines(folder) > 1, PATIENCE_MS);
      process.kill("SIGINT");
      assert.equal((await process.status).code, 0);
      const { counts, events, jpegs, chunks, compression } = await readMcap(
        recordingIn(folder),
        "whole",
      );
      const lines = (await Deno.readTextFile(join(folder, "events.jsonl"))).trim().split("\n");
      assert.ok(lines.length > 1);
      assert.deepEqual(
        events.toSorted(),
        lines.map(decodeLine).map(({ event: { id, type } }) => `${id} ${type}`).toSorted(),
      );
      assert.deepEqual(compression, ["zstd"]);
      assert.ok(chunks! > 1);
      assert.ok(jpegs > 10, `${jpegs} pictures`);
      for (const channel of ["sound/map", "speech/map", "scores"]) {
        assert.ok(counts[`/robot/${channel}`] > 2, channel);
      }
      for (const channel of ["transform", "calibration"]) {
        assert.equal(counts[`/robot/${channel}`], 1, channel);
      }
      assert.ok(counts["/robot/scene"] >= 1);
    }),
});

Deno.test({
  name: "a recording whose process is killed has everything but its last chunk",
  ignore: MCAP_PYTHON === undefined,
  fn: () =>
    withPipeline(async (folder, file) => {
      const process = start(file);
      try {
        await eventually("chunks are written", async () => {
          // The model starts later than the pictures.
          if (await eventLines(folder) === 0) return false;
          const files = await Array.fromAsync(Deno.readDir(join(folder, "recordings")))
            .catch(() => []);
          if (files.length === 0) return false;
          return (await Deno.stat(join(folder, "recordings", files[0].name))).size > 800_000;
        }, PATIENCE_MS);
      } finally {
        process.kill("SIGKILL");
        await process.status;
      }
      const { counts, jpegs } = await readMcap(recordingIn(folder), "torn");
      assert.ok(jpegs > 5, `${jpegs} pictures`);
      assert.ok(counts["/robot/scores"] > 5);
    }),
});
