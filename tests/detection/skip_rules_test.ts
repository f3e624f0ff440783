import assert from "node:assert/strict";
import fc from "fast-check";
import { openCapture } from "../../src/capture/capture.ts";
import { planCapture } from "../../src/capture/plan.ts";
import { sourceSchema } from "../../src/capture/source_schema.ts";
import { probability } from "../../src/core/logistic.ts";
import { cameraSchema } from "../../src/detection/camera_schema.ts";
import { detectSchema } from "../../src/detection/detect_schema.ts";
import { type Detection, Detector } from "../../src/detection/detector.ts";
import { skipRules } from "../../src/detection/skip_rules.ts";
import { RollingGrounding } from "../../src/grounding/rolling.ts";
import { SKIP_NOTHING, type SkipRules } from "../../src/grounding/skip_rules.ts";
import { AudioRing } from "../../src/ring/audio_ring.ts";
import { FrameRing } from "../../src/ring/frame_ring.ts";
import { type Engine, engine, withWholeWindow } from "../grounding/ground_clip.ts";

const CLIPS = new URL("../support/clips/", import.meta.url).pathname;
const HEADS = [{ kind: "sound" as const, calibration: { slope: 5, offset: -3 } }];

Deno.test("an activation below a floor scores below off", () => {
  const maps = fc.record({
    slope: fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
    offset: fc.double({ min: -100, max: 100, noNaN: true }),
  });
  const off = fc.double({ min: 1e-6, max: 0.999999, noNaN: true });
  const below = fc.double({ min: 0, max: 100, noNaN: true });
  fc.assert(fc.property(maps, off, below, (calibration, off, below) => {
    const detect = detectSchema.parse({ sound: { on: 1, off } });
    const [floor] = skipRules(detect, [{ kind: "sound", calibration }]).floors;
    assert.ok(floor !== undefined);
    const activation = floor - below - 1e-6 * Math.abs(floor);
    if (activation < floor) assert.ok(probability(calibration, activation) < off);
  }));
});

Deno.test("everything is computed where silence or any activation can take part in an event", () => {
  const detect = detectSchema.parse({ gate: "-40dBFS" });
  const rules = skipRules(detect, HEADS);
  assert.equal(rules.gate, -40);
  assert.ok(Math.abs(rules.floors[0]! - (Math.log(0.4 / 0.6) + 3) / 5) < 1e-5);
  assert.deepEqual(skipRules(detectSchema.parse({ sound: { off: 0 } }), HEADS), SKIP_NOTHING);
  assert.deepEqual(skipRules(detectSchema.parse({ speech: { off: 0 } }), HEADS).gate, -55);
  const certain = detectSchema.parse({ sound: { on: 1, off: 1 } });
  assert.deepEqual(skipRules(certain, HEADS).floors, [undefined]);
  assert.deepEqual(skipRules(detect, [{ kind: "sound" }]).floors, [undefined]);
  const falling = [{ kind: "sound" as const, calibration: { slope: -1, offset: 0 } }];
  assert.deepEqual(skipRules(detect, falling).floors, [undefined]);
});

async function animalsClip({ encoders }: Engine) {
  const { image, audio } = encoders.manifest;
  const source = sourceSchema.parse({ uri: "animals.mkv", pace: "fast" });
  const size = { width: image.width, height: image.height, sampleRate: audio.sample_rate };
  await using capture = await openCapture(planCapture(source, { ...size, folder: CLIPS }));
  const [frames, chunks] = await Promise.all([
    Array.fromAsync(capture.frames()),
    Array.fromAsync(capture.audio()),
  ]);
  return { frames, chunks, fit: capture.geometry! };
}

/** What the clip gives, message for message, but for the random ids; `hiss` is the level of added noise. */
async function detections(
  { encoders, similarity }: Pick<Engine, "encoders" | "similarity">,
  { frames, chunks, fit }: Awaited<ReturnType<typeof animalsClip>>,
  rulesOf: (...args: Parameters<typeof skipRules>) => SkipRules,
  hiss = 0,
) {
  const { manifest } = encoders;
  const { width, height, grid } = manifest.image;
  const audio = new AudioRing(16000, 6);
  const pictures = new FrameRing(frames.length, width * height * 3);
  for (const { data, ptsNs } of frames) pictures.write(data, ptsNs);
  const detect = detectSchema.parse({});
  const detector = new Detector(detect, cameraSchema.parse({}), {
    pipeline: "test",
    model: "denseav-mini",
    heads: manifest.heads,
    gridWidth: grid.width,
    gridHeight: grid.height,
    stepSeconds: 1 / manifest.audio.feature_rate,
    fit,
    epochNs: (runningNs) => BigInt(Math.round(runningNs)),
  });
  const window = { duration: 2, hop: 0.2, lookahead: 0.2, maxFrameDistance: 1 };
  const rolling = new RollingGrounding(encoders, similarity, audio, pictures, window);
  rolling.margin = detector.margin();
  rolling.rules = rulesOf(detect, manifest.heads);
  const found: Detection[] = [];
  let seed = 1;
  for (const { samples, ptsNs } of chunks) {
    const noisy = samples.map((sample) => {
      seed = (seed * 1103515245 + 12345) % 2 ** 31;
      return sample + hiss * (seed / 2 ** 30 - 1);
    });
    audio.write(noisy, ptsNs);
    const hop = await rolling.hop(audio.end, Infinity);
    for (const step of hop?.steps ?? []) found.push(...detector.step(step));
    if (hop) found.push(...detector.advance(hop.finalNs));
  }
  for await (const hop of rolling.flush()) {
    for (const step of hop.steps) found.push(...detector.step(step));
    found.push(...detector.advance(hop.finalNs));
  }
  found.push(...detector.end(null));
  const messages = found.map(({ event: { id: _, ...event }, ...rest }) => ({ ...rest, event }));
  return { messages, stats: rolling.stats() };
}

Deno.test("a clip gives the same events whether steps are skipped or not", async (test) => {
  await using parts = await engine();
  const clip = await animalsClip(parts);
  const whole = withWholeWindow(parts);
  const all = await detections(whole, clip, () => SKIP_NOTHING);

  await test.step("exactly, if whole windows are encoded", async () => {
    const some = await detections(whole, clip, skipRules);
    assert.ok(all.messages.length > 15);
    assert.deepEqual(some.messages, all.messages);
    assert.ok(some.stats.silentSteps > 50, `${some.stats.silentSteps}`);
    assert.ok(some.stats.encodedFrames < 0.7 * all.stats.encodedFrames);
  });

  await test.step("to rounding, if only the receptive field is encoded", async () => {
    const some = await detections(parts, clip, skipRules);
    const rounded = (value: unknown) => typeof value === "number" ? value.toPrecision(3) : value;
    const shown = ({ messages }: typeof all) =>
      messages.map(({ event, atNs }) =>
        JSON.parse(JSON.stringify({ event, atNs }), (_, value) => rounded(value))
      );
    assert.deepEqual(shown(some), shown(all));
  });

  await test.step("with noise that never falls below the gate", async () => {
    const hiss = 0.006;
    const all = await detections(whole, clip, () => SKIP_NOTHING, hiss);
    const some = await detections(whole, clip, skipRules, hiss);
    assert.ok(all.messages.length > 10);
    assert.deepEqual(some.messages, all.messages);
    assert.equal(some.stats.silentSteps, 0);
    assert.ok(some.stats.weakSteps > 10, `${some.stats.weakSteps}`);
  });
});
