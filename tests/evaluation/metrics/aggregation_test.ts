import assert from "node:assert/strict";
import { type Aggregation, scoreAll } from "../../../src/evaluation/metrics/aggregation.ts";
import { assertClose, features, golden, rows } from "../golden.ts";

const pooling: Record<string, Partial<Aggregation>> = {
  misa: { overSpace: "max", overTime: "mean" },
  mima: { overSpace: "max", overTime: "max" },
  sisa: { overSpace: "mean", overTime: "mean" },
};

for (const [name, how] of Object.entries(pooling)) {
  Deno.test(`${name} equals the original's for heads, clipping and class tokens`, () => {
    const masks = rows(golden("agg_audio_mask"));
    for (const heads of [1, 2]) {
      for (const nonNegative of [false, true]) {
        for (const tokens of [false, true]) {
          const got = scoreAll(
            features("agg_audio_feats", tokens ? "agg_audio_cls" : undefined),
            features("agg_image_feats", tokens ? "agg_image_cls" : undefined),
            masks,
            { ...how, heads, nonNegative, maxOverHeads: true },
          );
          const key = `agg_${name}_k${heads}_nonneg${+nonNegative}_cls${+tokens}`;
          assertClose(got, golden(key).data, key, 8);
        }
      }
    }
  });
}

Deno.test("a mask of ones gives what the original gives without silence masks", () => {
  const masks = rows(golden("agg_audio_mask")).map((mask) => mask.fill(1));
  const got = scoreAll(features("agg_audio_feats"), features("agg_image_feats"), masks, {
    heads: 2,
    maxOverHeads: true,
  });
  assertClose(got, golden("agg_misa_k2_nomasksilence").data);
});

Deno.test("the scores of a pair computed by hand", () => {
  const audio = { items: 1, channels: 2, cells: 2, data: Float32Array.of(1, 2, 10, 0) };
  const image = { items: 1, channels: 2, cells: 3, data: Float32Array.of(1, -1, 3, 0, 2, 1) };
  assert.deepEqual([...scoreAll(audio, image, [[1, 1]], { heads: 2 })], [4.5, 10]);
  assert.deepEqual([...scoreAll(audio, image, [[1, 0]], { heads: 2 })], [3, 20]);
  assert.deepEqual([...scoreAll(audio, image, [[1, 1]], { heads: 1 })], [(19 + 6) / 2]);
});

Deno.test("channels that are not a multiple of the heads are rejected", () => {
  const three = { items: 1, channels: 3, cells: 1, data: new Float32Array(3) };
  assert.throws(() => scoreAll(three, three, [[1]], { heads: 2 }), /multiple of 2 heads/);
});
