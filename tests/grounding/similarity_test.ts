import assert from "node:assert/strict";
import fc from "fast-check";
import { runtimeSchema } from "../../src/model/runtime_schema.ts";
import { clipScore, levelDbfs } from "../../src/grounding/pooling.ts";
import { Similarity } from "../../src/grounding/similarity.ts";
import { openRuntime } from "../../src/model/runtime/runtime.ts";

const shapes = fc.record({
  heads: fc.integer({ min: 1, max: 4 }),
  code: fc.integer({ min: 1, max: 5 }),
  steps: fc.integer({ min: 1, max: 4 }),
  gridHeight: fc.integer({ min: 1, max: 4 }),
  gridWidth: fc.integer({ min: 1, max: 4 }),
  classToken: fc.boolean(),
  fixed: fc.boolean(),
  seed: fc.nat(),
});

function randoms(seed: number) {
  let state = seed;
  return (count: number) =>
    Float32Array.from({ length: count }, () => {
      state = (state * 1664525 + 1013904223) % 2 ** 32;
      return state / 2 ** 31 - 1;
    });
}

Deno.test("the similarity graph computes the volume and its maximum over space, for any number of heads", async () => {
  const runtime = await openRuntime(runtimeSchema.parse({ providers: ["cpu"], threads: 1 }), ".");
  await fc.assert(
    fc.asyncProperty(shapes, async ({ heads, code, steps, fixed, seed, ...shape }) => {
      const channels = heads * code;
      const cells = shape.gridHeight * shape.gridWidth;
      const random = randoms(seed);
      const audio = random(steps * channels);
      const image = random(channels * cells);
      const margin = random(cells).map((value) => value > 0.5 ? -1e9 : 0);
      margin[0] = 0;
      const audioClass = shape.classToken ? random(channels) : undefined;
      const imageClass = shape.classToken ? random(channels) : undefined;
      const similarity = await Similarity.load(runtime, {
        ...shape,
        channels,
        heads,
        ...(fixed ? { steps } : {}),
      });
      const { volume, activation } = await similarity.compute({
        audio,
        image,
        margin,
        audioClass,
        imageClass,
      });
      for (let k = 0; k < heads; k++) {
        for (let t = 0; t < steps; t++) {
          let highest = -Infinity;
          for (let cell = 0; cell < cells; cell++) {
            let expected = 0;
            for (let c = k * code; c < (k + 1) * code; c++) {
              expected += audio[t * channels + c] * image[c * cells + cell];
              expected += (audioClass?.[c] ?? 0) * (imageClass?.[c] ?? 0);
            }
            assert.ok(Math.abs(volume[(k * steps + t) * cells + cell] - expected) < 1e-5);
            if (margin[cell] === 0) highest = Math.max(highest, expected);
          }
          assert.ok(Math.abs(activation[k * steps + t] - highest) < 1e-5);
        }
      }
      await similarity.release();
    }),
    { numRuns: 40 },
  );
  await runtime.close();
});

Deno.test("clipScore is the mean over time of the louder head", () => {
  assert.equal(clipScore(Float32Array.of(1, 2, 3, 4, 0, 2), 2), (4 + 2 + 3) / 3);
  assert.equal(clipScore(Float32Array.of(1, 2), 1), 1.5);
});

Deno.test("levelDbfs: a full-scale sine is at -3 dBFS, silence at -Infinity", () => {
  const sine = Float32Array.from({ length: 1600 }, (_, i) => Math.sin(i * Math.PI / 8));
  assert.ok(Math.abs(levelDbfs(sine) + 3.0103) < 1e-3);
  assert.equal(levelDbfs(new Float32Array(10)), -Infinity);
  assert.equal(levelDbfs(new Float32Array(0)), -Infinity);
});
