import assert from "node:assert/strict";
import fc from "fast-check";
import type { GroundedStep, Step } from "../../src/grounding/grounded_step.ts";
import { stepsOfReach } from "../../src/grounding/reach.ts";
import { findModel } from "../../src/model/find_model.ts";
import { clip, engine, ground, groundAll, RATE, withWholeWindow } from "./ground_clip.ts";

const SHORT = { seconds: 3 };
const WINDOW = { duration: 2, hop: 0.2, lookahead: 0.2, maxFrameDistance: 1 };

/** Chirps with digital silence between them. */
function bursts(seconds: number): Float32Array {
  return clip(seconds).map((sample, i) => Math.sin(2.1 * i / RATE) > 0.3 ? sample : 0);
}

const isGrounded = (step: Step): step is GroundedStep => step.skipped === undefined;

Deno.test("a step below the gate is not encoded, nor its frame; the others are the same bits", async () => {
  await using parts = await engine();
  const whole = withWholeWindow(parts);
  const all = await groundAll(whole, WINDOW, { sound: bursts });
  const gate = -55;
  const some = await ground(whole, WINDOW, { sound: bursts, rules: { gate, floors: [] } });
  const loud = all.steps.filter(({ level }) => level >= gate);
  const kept = some.steps.filter(isGrounded);
  assert.ok(loud.length > 10 && loud.length < 0.7 * all.steps.length, `${loud.length}`);
  assert.deepEqual(kept, loud);
  assert.deepEqual(
    some.steps.map(({ ptsNs, framePtsNs, level }) => ({ ptsNs, framePtsNs, level })),
    all.steps.map(({ ptsNs, framePtsNs, level }) => ({ ptsNs, framePtsNs, level })),
  );
  const { stats } = some;
  assert.equal(stats.steps, loud.length);
  assert.equal(stats.silentSteps, all.steps.length - loud.length);
  assert.equal(stats.encodedFrames, new Set(loud.map(({ framePtsNs }) => framePtsNs)).size);
  assert.ok(stats.encodedWindows < 0.8 * stats.hops, `${stats.encodedWindows} of ${stats.hops}`);
});

Deno.test("silence runs no encoder at all", async () => {
  await using parts = await engine();
  const sound = (seconds: number) => new Float32Array(seconds * RATE);
  const { stats, steps } = await ground(parts, WINDOW, { sound, rules: { gate: -55, floors: [] } });
  assert.deepEqual([stats.encodedWindows, stats.encodedFrames, stats.steps], [0, 0, 0]);
  assert.equal(stats.silentSteps, steps.length);
  assert.ok(steps.length > 70);
});

Deno.test("audio before the receptive field of the first step is not encoded, and makes no difference", async () => {
  await using parts = await engine();
  const whole = withWholeWindow(parts);
  const windows = fc.record({
    hop: fc.integer({ min: 40, max: 900 }),
    lookahead: fc.integer({ min: 0, max: 900 }),
    extra: fc.integer({ min: 0, max: 2000 }),
    startNs: fc.integer({ min: 0, max: 3_000_000_000 }),
    chunk: fc.integer({ min: 100, max: 9000 }),
  });
  await fc.assert(
    fc.asyncProperty(windows, async ({ hop, lookahead, extra, startNs, chunk }) => {
      const window = {
        duration: (hop + lookahead + extra + 200) / 1000,
        hop: hop / 1000,
        lookahead: lookahead / 1000,
        maxFrameDistance: 1,
      };
      const feed = { ...SHORT, startNs, frameStartNs: startNs, chunk };
      const expected = await groundAll(whole, window, feed);
      const actual = await groundAll(parts, window, feed);
      assert.equal(actual.steps.length, expected.steps.length);
      actual.steps.forEach((step, i) => {
        assert.equal(step.ptsNs, expected.steps[i].ptsNs);
        const { volume } = expected.steps[i];
        const scale = Math.max(...volume.map(Math.abs), 1);
        const away = Math.max(...step.volume.map((value, j) => Math.abs(value - volume[j])));
        assert.ok(away < 1e-5 * scale, `step ${i}: ${away} of ${scale}`);
      });
      assert.ok(actual.stats.encodedSamples <= expected.stats.encodedSamples);
    }),
    { numRuns: 5 },
  );
  const [all, some] = [
    await groundAll(whole, WINDOW, SHORT),
    await groundAll(parts, WINDOW, SHORT),
  ];
  assert.ok(some.stats.encodedSamples < 0.75 * all.stats.encodedSamples);
});

Deno.test("a window is never cut below min_samples, nor for an encoder that takes one length only", async () => {
  await using parts = await engine();
  const { encoders } = parts;
  const { manifest } = encoders;
  const lengths = new Set<number>();
  const observed = {
    ...withWholeWindow(parts).encoders,
    manifest,
    encodeAudio(waveform: Float32Array) {
      lengths.add(waveform.length);
      return encoders.encodeAudio(waveform);
    },
  };
  await ground({ ...parts, encoders: { ...observed, takesAnyLength: false } }, WINDOW, SHORT);
  assert.deepEqual([...lengths], [2 * RATE]);
  lengths.clear();
  const audio = { ...manifest.audio, min_samples: 30_000 };
  await ground(
    { ...parts, encoders: { ...observed, manifest: { ...manifest, audio } } },
    WINDOW,
    SHORT,
  );
  // Whole time steps are cut.
  assert.deepEqual([...lengths], [30_720]);
});

Deno.test("the reach covers a receptive field measured in whole steps, wherever its borders are", async () => {
  const { manifest: { audio } } = await findModel("denseav-mini", ".");
  const reach = (steps: number) =>
    stepsOfReach({
      ...audio,
      whole_window: false,
      receptive_field: Number((steps / audio.feature_rate).toFixed(2)),
    });
  assert.deepEqual([1, 2, 18, 19, 20].map(reach), [1, 2, 10, 10, 11]);
  assert.equal(stepsOfReach({ ...audio, whole_window: true }), undefined);
});

Deno.test("a step is weak only if no head reaches its floor; its frame is not encoded", async () => {
  await using parts = await engine();
  const all = await groundAll(parts, WINDOW, SHORT);
  for (const floors of [[0.3, 0.3], [0.6, 0.2], [1.5, 1.5]]) {
    const some = await ground(parts, WINDOW, { ...SHORT, rules: { gate: -Infinity, floors } });
    assert.equal(some.steps.length, all.steps.length);
    some.steps.forEach((step, i) => {
      const { activation } = all.steps[i];
      if (step.skipped) assert.ok(activation.every((value, k) => value < floors[k]));
      else assert.deepEqual(step, all.steps[i]);
    });
    const { stats } = some;
    const paired = new Set(some.steps.filter(isGrounded).map(({ framePtsNs }) => framePtsNs));
    assert.equal(stats.weakSteps, some.steps.filter(({ skipped }) => skipped === "weak").length);
    assert.equal(stats.encodedFrames, paired.size);
  }
  const strict = await ground(parts, WINDOW, {
    ...SHORT,
    rules: { gate: -Infinity, floors: [1e9, 1e9] },
  });
  assert.equal(strict.stats.weakSteps, all.steps.length);
});

Deno.test("no step is weak if a head has no floor, or the model no bound or a class token", async () => {
  await using parts = await engine();
  const { manifest } = parts.encoders;
  const weak = async (bent: Partial<typeof manifest>, floors: (number | undefined)[]) => {
    const encoders = { ...withWholeWindow(parts).encoders, manifest: { ...manifest, ...bent } };
    const rules = { gate: -Infinity, floors };
    return (await ground({ ...parts, encoders }, WINDOW, { seconds: 2, rules })).stats.weakSteps;
  };
  assert.ok(await weak({}, [1e9, 1e9]) > 20);
  assert.equal(await weak({}, [1e9, undefined]), 0);
  assert.equal(await weak({ class_token: true }, [1e9, 1e9]), 0);
  const heads = manifest.heads.map((head) => ({ ...head, bound: undefined }));
  assert.equal(await weak({ heads }, [1e9, 1e9]), 0);
});

Deno.test("a frame with longer features than the bound raises it", async () => {
  await using parts = await engine();
  const { manifest } = parts.encoders;
  const heads = manifest.heads.map((head) => ({ ...head, bound: 1 }));
  const encoders = { ...withWholeWindow(parts).encoders, manifest: { ...manifest, heads } };
  const rules = { gate: -Infinity, floors: [0.05, 0.05] };
  const { steps, stats } = await ground({ ...parts, encoders }, WINDOW, { ...SHORT, rules });
  const first = steps.findIndex(isGrounded);
  assert.ok(first >= 0 && stats.weakSteps < steps.length);
  const bounded = await ground(parts, WINDOW, { ...SHORT, rules });
  // The first frame that is encoded shows how long features are.
  const later = (all: readonly Step[]) => all.slice(first).filter(({ skipped }) => skipped).length;
  assert.ok(later(steps) >= later(bounded.steps));
  assert.ok(later(steps) < steps.length - first);
});
