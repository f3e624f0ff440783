import assert from "node:assert/strict";
import { eventually } from "../support/eventually.ts";
import { Mosquitto } from "../support/mosquitto.ts";
import { runPipeline } from "../support/pipeline_run.ts";

const PATTERN = { video: "test://smpte", audio: "test://sine", frame_rate: 2 };
/** Thresholds so low that any sound is an event. */
const ANY_SOUND = { sound: { on: 0.001, off: 0.0005 }, speech: { on: 0.001, off: 0.0005 } };

Deno.test("a pipeline that is asked to stop reports it and goes offline", async () => {
  await using broker = await Mosquitto.start();
  await using run = await runPipeline(broker, { source: PATTERN }, ".");
  await eventually("it runs", () => run.states().some(({ state }) => state === "running"));
  await eventually("hops", () => run.pipeline.stats().hops.run > 2);
  run.stop();
  await run.ended;
  await run.listener.until("whence/front/available", "offline");
  assert.deepEqual(run.states().at(-1), {
    ...run.states().at(-1),
    state: "stopped",
    reason: "stop requested",
  });
});

Deno.test("an event that is active when the pipeline stops ends with the reason `stopped`", async () => {
  await using broker = await Mosquitto.start();
  await using run = await runPipeline(broker, { source: PATTERN, detect: ANY_SOUND }, ".");
  await eventually("an event begins", () => run.events().some(({ type }) => type === "new"));
  run.stop();
  await run.ended;
  await run.listener.until("whence/front/available", "offline");
  const last = run.events().at(-1)!;
  assert.deepEqual([last.type, last.reason], ["end", "stopped"]);
});

Deno.test("a pipeline is disabled and enabled over MQTT; its source is closed in between", async () => {
  await using broker = await Mosquitto.start();
  await using run = await runPipeline(broker, { source: PATTERN }, ".");
  await eventually("it runs", () => run.states().at(-1)?.state === "running");
  await run.listener.say("whence/front/set", '{"enabled": false}');
  await eventually("it is stopped", () => run.states().at(-1)?.state === "stopped");
  assert.equal(run.states().at(-1)?.reason, "disabled over MQTT");
  const hops = run.pipeline.stats().hops.run;
  await run.listener.say("whence/front/set", '{"enabled": true}');
  await eventually("it runs again", () => run.pipeline.stats().hops.run > hops);
  await eventually("it says so", () => run.states().at(-1)?.state === "running");
});

Deno.test("a missing camera is tried again, and the state has the reason", async () => {
  await using broker = await Mosquitto.start();
  const source = { video: "v4l2:///dev/video-none", audio: "test://silence" };
  await using run = await runPipeline(broker, { source }, ".");
  const told = () => run.states().map(({ state, reason }) => `${state}: ${reason}`);
  await eventually("it tries again", () => /next try within 5 s/.test(told().at(-1) ?? ""));
  assert.match(told().at(-1)!, /^reconnecting: .*video-none/);
});

Deno.test("a missing file fails for good, in one line", async () => {
  await using broker = await Mosquitto.start();
  await using run = await runPipeline(broker, { source: { uri: "none.mkv" } }, "/nowhere");
  await assert.rejects(run.ended, (error: Error) => {
    assert.match(error.message, /^Cannot .*none\.mkv/);
    assert.equal(error.message.split("\n").length, 1);
    return true;
  });
  await eventually("it failed", () => run.states().at(-1)?.state === "failed");
});

Deno.test("an open event ends, and the state reports it, when the microphone stalls", async () => {
  await using broker = await Mosquitto.start();
  const folder = await Deno.makeTempDir();
  const pipe = `${folder}/microphone`;
  await new Deno.Command("mkfifo", { args: [pipe] }).output();
  const graph = "videotestsrc is-live=true pattern=smpte ! appsink name=video  " +
    `filesrc location=${pipe} ! rawaudioparse format=pcm pcm-format=f32le sample-rate=16000 ` +
    "num-channels=1 ! appsink name=audio";
  const microphone = await Deno.open(pipe, { read: true, write: true });
  const samples = Float32Array.from({ length: 32000 }, (_, i) => Math.sin(i * i) / 3);
  const run = await runPipeline(
    broker,
    { source: { graph, frame_rate: 2 }, detect: ANY_SOUND },
    folder,
  );
  try {
    const writing = microphone.write(new Uint8Array(samples.buffer));
    await eventually("an event begins", () => run.events().some(({ type }) => type === "new"));
    await writing;
    await eventually("all events have ended", () => {
      const open = new Set(run.events().filter(({ type }) => type === "new").map(({ id }) => id));
      for (const { id, type } of run.events()) if (type === "end") open.delete(id);
      return open.size === 0;
    });
    const ends = run.events().filter(({ type }) => type === "end");
    assert.equal(ends.at(-1)?.reason, "source_lost");
    for (const kind of ["sound", "speech"]) {
      const topic = `whence/front/${kind}`;
      await eventually(`${kind} is off`, () => run.listener.on(topic).at(-1) === "OFF");
    }
    await eventually("the state tells", () => /no audio/.test(run.states().at(-1)?.reason ?? ""));
    assert.equal(run.states().at(-1)?.state, "running");
  } finally {
    microphone.close();
    await run[Symbol.asyncDispose]();
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a source ends when its audio has ended", async () => {
  await using broker = await Mosquitto.start();
  const graph = "videotestsrc is-live=true ! appsink name=video  " +
    "audiotestsrc is-live=true num-buffers=40 samplesperbuffer=800 ! audio/x-raw,rate=16000 ! appsink name=audio";
  await using run = await runPipeline(broker, { source: { graph } }, ".");
  await run.ended;
  assert.equal(run.states().at(-1)?.reason, "the source has ended");
});

Deno.test("a graph that cannot be built fails for good", async () => {
  await using broker = await Mosquitto.start();
  const graph = "videotestsrc bogus=1 ! appsink name=video  audiotestsrc ! appsink name=audio";
  await using run = await runPipeline(broker, { source: { graph } }, ".");
  await assert.rejects(run.ended, /bogus/);
  await eventually("it failed", () => run.states().at(-1)?.state === "failed");
});

Deno.test("a pipeline that is stopped while it loads stops at once", async () => {
  await using broker = await Mosquitto.start();
  await using run = await runPipeline(broker, { source: PATTERN }, ".");
  run.stop();
  await run.ended;
  await run.listener.until("whence/front/available", "offline");
  assert.equal(run.states().at(-1)?.state, "stopped");
  assert.equal(run.pipeline.stats().hops.run, 0);
});
