import assert from "node:assert/strict";
import { audioTiming, stepsAfter } from "../../../src/importer/graph/timing.ts";

const convs = [[10, 5], [3, 2], [3, 2], [3, 2], [3, 2], [2, 2], [2, 2]]
  .map(([kernel, stride]) => ({ channels: 8, kernel, stride }));
const pools = [3, 3].map((kernel) => ({ channels: 8, kernel, stride: kernel }));
const timing = audioTiming({ audio: { convs } as never, pools });

Deno.test("the published strides give a feature every 180 ms, the first at 92.5 ms", () => {
  assert.ok(Math.abs(timing.featureRate - 1 / 0.18) < 1e-12);
  assert.deepEqual([timing.firstFeature, timing.receptiveField, timing.minSamples], [
    0.0925,
    0.185,
    2960,
  ]);
});

Deno.test("steps are those that the original counted", () => {
  // Samples, HuBERT's steps, after both pools.
  for (
    const [samples, hubert, pooled] of [[32000, 99, 11], [84800, 264, 29], [164200, 512, 56], [
      2960,
      9,
      1,
    ]]
  ) {
    assert.equal(stepsAfter(samples, convs), hubert);
    assert.equal(stepsAfter(samples, [...convs, ...pools]), pooled);
  }
  assert.equal(stepsAfter(2959, [...convs, ...pools]), 0);
});
