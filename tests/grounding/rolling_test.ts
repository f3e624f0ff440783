import assert from "node:assert/strict";
import fc from "fast-check";
import { engine, ground, groundAll, RATE } from "./ground_clip.ts";

Deno.test("results do not depend on the hop if the window covers the receptive field", async () => {
  await using parts = await engine();
  const half = Math.ceil(parts.encoders.manifest.audio.receptive_field * 10 / 2) / 10;
  const window = { duration: 2 * half + 1, lookahead: half, maxFrameDistance: 1 };
  const first = await groundAll(parts, { ...window, hop: 0.2 }, { seconds: 5 });
  const rate = parts.encoders.manifest.audio.feature_rate;
  assert.ok(Math.abs(first.steps.length - 5 * rate) <= 1);
  const hops = fc.integer({ min: 60, max: 600 }).map((ms) => ms / 1000);
  await fc.assert(
    fc.asyncProperty(hops, async (hop) => {
      const other = await groundAll(parts, { ...window, hop }, { seconds: 5 });
      assert.equal(other.steps.length, first.steps.length);
      first.steps.forEach((step, i) => {
        assert.equal(other.steps[i].ptsNs, step.ptsNs);
        assert.equal(other.steps[i].framePtsNs, step.framePtsNs);
        assert.equal(other.steps[i].level, step.level);
        const scale = Math.max(...step.volume.map(Math.abs), 1);
        const away = step.volume.map((value, j) => Math.abs(value - other.steps[i].volume[j]));
        assert.ok(Math.max(...away) < 1e-5 * scale, `step ${i}: ${Math.max(...away)} of ${scale}`);
      });
    }),
    { numRuns: 5, examples: [[0.1], [0.5]] },
  );
});

Deno.test("each step is grounded once, in the frame nearest in time, each frame encoded at most once", async () => {
  await using parts = await engine();
  const options = { duration: 2, hop: 0.2, lookahead: 0.2, maxFrameDistance: 1 };
  const startNs = 7.3e9;
  const { steps, stats } = await ground(parts, options, { startNs, fps: 7, frameStartNs: 7.25e9 });
  const { feature_rate: rate } = parts.encoders.manifest.audio;
  steps.slice(1).forEach((step, i) => {
    assert.ok(Math.abs(step.ptsNs - steps[i].ptsNs - 1e9 / rate) < 1e3);
  });
  assert.ok(steps[0].ptsNs >= startNs && steps[0].ptsNs < startNs + 1e9 / rate);
  const last = 7.25e9 + Math.floor(6.05 * 7) * 1e9 / 7;
  for (const step of steps.filter(({ ptsNs }) => ptsNs < last)) {
    assert.ok(Math.abs(step.framePtsNs - step.ptsNs) <= 0.5e9 / 7 + 1);
  }
  assert.equal(stats.steps, steps.length);
  assert.equal(stats.encodedFrames, new Set(steps.map(({ framePtsNs }) => framePtsNs)).size);
  assert.deepEqual([stats.skippedHops, stats.lostSteps, stats.unpairedSteps], [0, 0, 0]);
});

Deno.test("hops that inference is too slow for are skipped and counted, and no step is lost within the window", async () => {
  await using parts = await engine();
  const options = { duration: 2, hop: 0.2, lookahead: 0.2, maxFrameDistance: 1 };
  const slow = await ground(parts, options, { chunk: RATE });
  assert.equal(slow.stats.lostSteps, 0);
  assert.ok(slow.stats.skippedHops >= 20, `${slow.stats.skippedHops}`);
  const all = await ground(parts, options);
  assert.equal(slow.steps.length, all.steps.length);
  const tooSlow = await ground(parts, options, { chunk: 3 * RATE });
  assert.equal(tooSlow.steps.length + tooSlow.stats.lostSteps, all.steps.length);
  assert.ok(tooSlow.stats.lostSteps > 0);
});

Deno.test("steps far from every frame are not grounded and are counted", async () => {
  await using parts = await engine();
  const options = { duration: 2, hop: 0.2, lookahead: 0.2, maxFrameDistance: 0.5 };
  const { steps, stats } = await ground(parts, options, { frameStartNs: 3e9 });
  assert.ok(stats.unpairedSteps > 0);
  for (const step of steps) assert.ok(Math.abs(step.framePtsNs - step.ptsNs) <= 0.5e9);
});
