import assert from "node:assert/strict";
import fc from "fast-check";
import { runtimeSchema } from "../../src/model/runtime_schema.ts";
import type { GroundedStep } from "../../src/grounding/grounded_step.ts";
import { RollingGrounding, type RollingOptions } from "../../src/grounding/rolling.ts";
import { Similarity } from "../../src/grounding/similarity.ts";
import { loadModel } from "../../src/model/encoders.ts";
import { findModel } from "../../src/model/find_model.ts";
import { openRuntime } from "../../src/model/runtime/runtime.ts";
import { AudioRing } from "../../src/ring/audio_ring.ts";
import { FrameRing } from "../../src/ring/frame_ring.ts";

const RATE = 16000;

async function engine() {
  const runtime = await openRuntime(runtimeSchema.parse({ providers: ["cpu"], threads: 1 }), ".");
  const encoders = await loadModel(await findModel("denseav-mini", "."), runtime);
  const { channels, heads, image } = encoders.manifest;
  const similarity = await Similarity.load(runtime, {
    channels,
    heads: heads.length,
    gridWidth: image.grid.width,
    gridHeight: image.grid.height,
    classToken: false,
    steps: 1,
  });
  return {
    encoders,
    similarity,
    async [Symbol.asyncDispose]() {
      await similarity.release();
      await encoders.release();
      await runtime.close();
    },
  };
}
type Engine = Awaited<ReturnType<typeof engine>>;

/** Chirps with pauses between, the same at every call. */
function clip(seconds: number): Float32Array {
  return Float32Array.from({ length: seconds * RATE }, (_, i) => {
    const t = i / RATE;
    const loud = Math.max(0, Math.sin(t * 2.1)) * 0.3;
    return loud * Math.sin(2 * Math.PI * (300 + 200 * Math.sin(t * 5)) * t) +
      0.001 * Math.sin(i * i);
  });
}

/** Feeds a clip and 10 frames a second as a source would, and grounds all of it. */
async function ground(
  { encoders, similarity }: Engine,
  options: RollingOptions,
  { seconds = 6, startNs = 0, fps = 10, chunk = 480, frameStartNs = 0 } = {},
) {
  const { width, height } = encoders.manifest.image;
  const audio = new AudioRing(RATE, options.duration + 4);
  const frames = new FrameRing(256, width * height * 3);
  const rolling = new RollingGrounding(encoders, similarity, audio, frames, options);
  const samples = clip(seconds);
  const steps: GroundedStep[] = [];
  let frame = 0;
  for (let at = 0; at < samples.length; at += chunk) {
    audio.write(samples.subarray(at, at + chunk), startNs + at * 1e9 / RATE);
    while (frameStartNs + frame * 1e9 / fps <= audio.endNs) {
      const picture = Uint8Array.from(
        { length: width * height * 3 },
        (_, i) => (i * (frame + 3)) % 251,
      );
      frames.write(picture, frameStartNs + frame++ * 1e9 / fps);
    }
    const hop = await rolling.hop(audio.end, frames.newestNs);
    if (hop) steps.push(...hop.steps);
  }
  for await (const hop of rolling.flush()) steps.push(...hop.steps);
  return { steps, stats: rolling.stats() };
}

Deno.test("results do not depend on the hop if the window covers the receptive field", async () => {
  await using parts = await engine();
  const half = Math.ceil(parts.encoders.manifest.audio.receptive_field * 10 / 2) / 10;
  const window = { duration: 2 * half + 1, lookahead: half, maxFrameDistance: 1 };
  const first = await ground(parts, { ...window, hop: 0.2 }, { seconds: 5 });
  const rate = parts.encoders.manifest.audio.feature_rate;
  assert.ok(Math.abs(first.steps.length - 5 * rate) <= 1);
  const hops = fc.integer({ min: 60, max: 600 }).map((ms) => ms / 1000);
  await fc.assert(
    fc.asyncProperty(hops, async (hop) => {
      const other = await ground(parts, { ...window, hop }, { seconds: 5 });
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
