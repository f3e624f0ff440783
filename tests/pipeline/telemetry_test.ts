import assert from "node:assert/strict";
import sharp from "sharp";
import { composePipeline } from "../../src/pipeline/compose.ts";
import { pipelineSchema } from "../../src/pipeline/schema.ts";
import type { TelemetryMessage, TelemetryTopics, Topic } from "../../src/telemetry/topics.ts";

const MODEL = new URL("../../models/denseav-mini/", import.meta.url).pathname;

const ALL: Topic[] = [
  "description",
  "state",
  "tuning",
  "stats",
  "log",
  "picture",
  "frame",
  "audio",
  "step",
  "maps",
  "features",
  "hop",
  "event",
  "near_miss",
];

/** Runs the demo clip as fast as possible with listeners to `topics`. */
async function run(topics: readonly Topic[], detect: object = {}, pace = "fast", seconds = 60) {
  const folder = await Deno.makeTempDir();
  const config = pipelineSchema.parse({
    name: "front",
    source: { uri: "demo.mkv", pace },
    model: "denseav-mini",
    camera: { hfov: "60deg" },
    runtime: { providers: ["cpu"], threads: 1 },
    publish: { jsonl: `${folder}/events.jsonl` },
    detect,
  });
  const pipeline = composePipeline(config, { folder: MODEL, log: () => {}, pictures: true });
  const messages: TelemetryMessage[] = [];
  const controller = new AbortController();
  using _listening = pipeline.telemetry.listen(topics, (message) => {
    messages.push(message);
    if (message.topic === "step" && message.message.ptsNs > seconds * 1e9) controller.abort();
  });
  await pipeline.run(controller.signal);
  const lines = (await Deno.readTextFile(`${folder}/events.jsonl`)).trim().split("\n");
  await Deno.remove(folder, { recursive: true });
  const of = <T extends Topic>(topic: T) =>
    messages.filter((item) => item.topic === topic)
      .map(({ message }) => message as TelemetryTopics[T]);
  return { of, lines, pipeline };
}

Deno.test("a pipeline tells what it knows while someone listens", async (test) => {
  const { of, lines } = await run(ALL);

  await test.step("description, state, tuning and log", () => {
    const [description] = of("description");
    assert.deepEqual(description.heads.map(({ kind }) => kind), ["sound", "speech"]);
    assert.ok(description.pictures && description.optics!.fx > 0);
    assert.deepEqual(of("state").map(({ state }) => state), ["starting", "running", "stopped"]);
    assert.equal(of("tuning")[0].sound.on, 0.6);
    assert.ok(of("log").some(({ message }) => message.startsWith("model denseav-mini@")));
  });

  await test.step("scores, maps and hops belong together", () => {
    const [{ grid, heads }] = of("description");
    const steps = of("step");
    const maps = of("maps");
    assert.ok(steps.length > 100);
    assert.deepEqual(steps.map(({ ptsNs }) => ptsNs), maps.map(({ ptsNs }) => ptsNs));
    assert.equal(of("hop").reduce((sum, hop) => sum + hop.steps, 0), steps.length);
    for (const [i, { values }] of maps.entries()) {
      const cells = grid.width * grid.height;
      assert.equal(values.length, cells * heads.length);
      const highest = Math.max(...values.subarray(0, cells));
      assert.ok(highest >= steps[i].heads[0].similarity - 1e-5);
    }
    for (const { level, gate, heads } of steps) {
      for (const { score, ungated } of heads) assert.equal(score, level < gate ? 0 : ungated);
    }
  });

  await test.step("features come once for each frame that a step belongs to", () => {
    const features = of("features");
    assert.deepEqual(
      features.map(({ ptsNs }) => ptsNs),
      [...new Set(of("step").map(({ framePtsNs }) => framePtsNs))],
    );
    const [{ grid }] = of("description");
    for (const { values } of features) {
      assert.equal(values.length, 128 * grid.width * grid.height);
    }
  });

  await test.step("events are those that are published", () => {
    assert.deepEqual(
      of("event").map(({ event }) => `${event.id} ${event.seq}`),
      lines.map((line) => JSON.parse(line)).map(({ id, seq }) => `${id} ${seq}`),
    );
  });

  await test.step("times are the frames' and the epoch's", async () => {
    const frames = of("frame");
    const times = new Set(frames.map(({ ptsNs }) => ptsNs));
    assert.ok(of("step").every(({ framePtsNs }) => times.has(framePtsNs)));
    const pictures = of("picture");
    assert.ok(pictures.length > 0 && pictures.every(({ ptsNs }) => times.has(ptsNs)));
    const zero = frames[0].epochNs - BigInt(frames[0].ptsNs);
    assert.ok(Math.abs(Number(zero / 1_000_000n) - Date.now()) < 600_000);
    const { width, height, format } = await sharp(pictures[0].jpeg).metadata();
    const [{ fit }] = of("description");
    assert.deepEqual([format, width, height], ["jpeg", fit.sourceWidth, fit.sourceHeight]);
  });
});

Deno.test("near misses say why there is no event", async () => {
  const reasons = async (detect: object) => {
    const { of, lines } = await run(["near_miss"], detect);
    return { reasons: new Set(of("near_miss").map(({ reason }) => reason)), lines, of };
  };
  const short = await reasons({ sound: { min_duration: "30s" }, speech: { min_duration: "30s" } });
  assert.deepEqual([short.lines, short.reasons.has("too_short")], [[""], true]);
  const quiet = await reasons({ gate: "0dBFS" });
  assert.deepEqual([quiet.lines, quiet.reasons.has("below_gate")], [[""], true]);
  const strict = await reasons({ sound: { on: 1, off: 0.5 }, speech: { on: 1, off: 0.5 } });
  assert.deepEqual([strict.lines, [...strict.reasons]], [[""], ["below_on"]]);
  for (const { score, on, startNs, endNs, ptsNs, peak } of strict.of("near_miss")) {
    assert.ok(score < on && startNs <= ptsNs && ptsNs <= endNs);
    assert.ok(peak.every((value) => value >= 0 && value <= 1));
  }
});

Deno.test("detection settings change while a pipeline runs", async () => {
  const folder = await Deno.makeTempDir();
  const config = pipelineSchema.parse({
    name: "front",
    source: { uri: "demo.mkv", pace: "fast" },
    model: "denseav-mini",
    runtime: { providers: ["cpu"], threads: 1 },
    publish: { jsonl: `${folder}/events.jsonl` },
    detect: { gate: "0dBFS" },
  });
  const pipeline = composePipeline(config, { folder: MODEL, log: () => {} });
  const onsets: number[] = [];
  const zones = new Set<string>();
  using _listening = pipeline.telemetry.listen(["step", "event"], ({ topic, message }) => {
    if (topic === "event") onsets.push(message.event.stream.onset);
    if (topic === "event") message.event.zones.forEach((zone) => zones.add(zone));
    if (topic !== "step" || message.ptsNs < 10e9 || pipeline.detect.gate !== 0) return;
    const all = [[0, 0], [1, 0], [1, 1], [0, 1]] as [number, number][];
    pipeline.tune({ ...pipeline.detect, gate: -55, zones: { all } });
  });
  await pipeline.run(new AbortController().signal);
  await Deno.remove(folder, { recursive: true });
  assert.ok(onsets.length > 0 && onsets.every((onset) => onset > 9.9), `${onsets}`);
  assert.deepEqual([...zones], ["all"]);
});
