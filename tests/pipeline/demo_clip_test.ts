import assert from "node:assert/strict";
import { clipTruthSchema, compareWithTruth } from "../../src/evaluation/metrics/clip_truth.ts";
import { eventually } from "../support/eventually.ts";
import { Mosquitto } from "../support/mosquitto.ts";
import { runPipeline } from "../support/pipeline_run.ts";

const MODEL = new URL("../../models/denseav-mini/", import.meta.url).pathname;

Deno.test("the demo clip through a real broker gives true events", async (test) => {
  await using broker = await Mosquitto.start();
  await using run = await runPipeline(broker, {
    source: { uri: "demo.mkv", pace: "fast" },
    detect: { zones: { left: [[0, 0], [0.5, 0], [0.5, 1], [0, 1]] } },
    camera: { hfov: "60deg" },
    publish: { mqtt: { url: broker.url, picture: true } },
  }, MODEL);
  await run.ended;
  await run.listener.until("whence/front/available", "offline");
  const truth = clipTruthSchema.parse(
    JSON.parse(await Deno.readTextFile(`${MODEL}/demo.truth.json`)),
  );
  const events = run.events();

  await test.step("kinds, times and places against the truth", () => {
    const { findings, spurious } = compareWithTruth(events, truth);
    const found = findings.filter(({ event }) => event !== undefined);
    const inPlace = findings.filter((finding) => finding.inPlace);
    // Measured: 4 of 8 found, 3 of them in place, 2 false positives. One is left for another processor's rounding.
    assert.ok(found.length >= 3, `found ${found.length} of ${findings.length}`);
    assert.ok(inPlace.length >= 2, `in place ${inPlace.length} of ${findings.length}`);
    assert.ok(spurious.length <= 3, `${spurious.length} spurious`);
    for (const { truth, event, inPlace } of findings) {
      if (inPlace) assert.ok(Math.abs(event!.stream.onset - truth.onset) < 0.9, `${truth.name}`);
    }
  });

  await test.step("every event is told from new to end, in order", () => {
    for (const id of new Set(events.map((event) => event.id))) {
      const told = events.filter((event) => event.id === id);
      assert.equal(told[0].type, "new");
      assert.equal(told.at(-1)!.type, "end");
      assert.deepEqual(told.map(({ seq }) => seq), told.map((_, i) => i));
      assert.ok(told.slice(1, -1).every(({ type }) => type === "update"));
      const last = told.at(-1)!;
      assert.ok(Math.abs(last.offset! - last.onset - last.duration) < 0.002);
      assert.equal(last.zones.includes("left"), last.peak![0] < 0.5);
      assert.equal(last.bearing!.azimuth > 0, last.peak![0] < 0.5);
    }
  });

  await test.step("nothing is dropped at the file's own pace, each frame is read", () => {
    const { frames, audio, hops, steps } = run.pipeline.stats();
    assert.ok(Math.abs(frames.captured - truth.duration * 10) <= 1, `${frames.captured}`);
    assert.deepEqual(
      [frames.dropped, frames.overwritten, audio.dropped_buffers, hops.skipped, steps.lost],
      [0, 0, 0, 0, 0],
    );
    assert.ok(Math.abs(audio.samples - truth.duration * 16000) <= 800, `${audio.samples}`);
  });

  await test.step("state, kinds and pictures are published", async () => {
    const states = run.states().map(({ state }) => state);
    assert.deepEqual([...new Set(states)].filter((state) => state !== "starting"), [
      "running",
      "stopped",
    ]);
    for (const kind of ["sound", "speech"]) {
      await eventually(
        `${kind} is off`,
        () => run.listener.on(`whence/front/${kind}`).at(-1) === "OFF",
      );
    }
    const kinds = new Set(events.map(({ kind }) => kind));
    for (const kind of kinds) {
      const topic = `whence/front/picture/${kind}`;
      const pictures = run.listener.heard.filter((message) => message.topic === topic);
      assert.deepEqual([...pictures.at(-1)!.payload.subarray(0, 3)], [0xff, 0xd8, 0xff]);
      const infos = run.listener.on(`${topic}/info`).map((text) => JSON.parse(text));
      assert.deepEqual(infos.map(({ bytes }) => bytes), pictures.map((it) => it.payload.length));
      assert.ok(infos.every(({ id, seq }) => events.some((it) => it.id === id && it.seq === seq)));
    }
  });
});
