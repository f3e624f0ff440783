import assert from "node:assert/strict";
import { eventually } from "../support/eventually.ts";
import { Mosquitto } from "../support/mosquitto.ts";
import { runPipeline } from "../support/pipeline_run.ts";

Deno.test("a dead microphone is in state and stats, not taken for a quiet room", async () => {
  await using broker = await Mosquitto.start();
  const graph = "videotestsrc is-live=true pattern=ball ! appsink name=video  " +
    "audiotestsrc is-live=true wave=silence ! audio/x-raw,rate=16000 ! appsink name=audio";
  await using run = await runPipeline(broker, { source: { graph, frame_rate: 5 } }, ".");
  const { pipeline } = run;
  assert.equal(pipeline.stats().audio_dbfs, null);
  await eventually("it runs", () => run.states().at(-1)?.state === "running");
  assert.equal(run.states().at(-1)?.reason, null);
  await eventually("the state tells", () => run.states().at(-1)?.reason !== null);
  assert.deepEqual(
    [run.states().at(-1)?.state, run.states().at(-1)?.reason],
    ["running", "the microphone delivers digital silence"],
  );
  const { audio_dbfs, signal } = pipeline.stats();
  assert.deepEqual({ audio_dbfs, signal }, {
    audio_dbfs: -200,
    signal: { audio: "digital_silence", video: null },
  });
});
