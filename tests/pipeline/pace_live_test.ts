import assert from "node:assert/strict";
import { Mosquitto } from "../support/mosquitto.ts";
import { runPipeline } from "../support/pipeline_run.ts";

const CLIPS = new URL("../support/clips/", import.meta.url).pathname;

Deno.test("live pace and fast find the same events, unless the machine was too slow for live", async () => {
  await using broker = await Mosquitto.start();
  const found = [];
  for (const pace of ["fast", "live"]) {
    await using run = await runPipeline(broker, { source: { uri: "animals.mkv", pace } }, CLIPS);
    await run.ended;
    await run.listener.until("whence/front/available", "offline");
    const { steps, frames } = run.pipeline.stats();
    const complete = steps.lost + steps.unpaired + frames.dropped === 0;
    found.push({ complete, ends: run.events().filter(({ type }) => type === "end") });
  }
  const [fast, live] = found;
  assert.ok(fast.complete);
  if (!live.complete) return console.log("the machine was too slow for live pace: not compared");
  assert.equal(live.ends.length, fast.ends.length);
  for (const event of live.ends) {
    const same = fast.ends.find(({ kind, stream }) =>
      kind === event.kind && Math.abs(stream.onset - event.stream.onset) < 0.1
    );
    assert.ok(same, `${event.kind} at ${event.stream.onset} s`);
    assert.ok(Math.hypot(event.peak![0] - same.peak![0], event.peak![1] - same.peak![1]) < 0.05);
  }
});
