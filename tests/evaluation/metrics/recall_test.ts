import assert from "node:assert/strict";
import { recalls, type RetrievalRecalls } from "../../../src/evaluation/metrics/recall.ts";
import { scoreAll } from "../../../src/evaluation/metrics/aggregation.ts";
import { assertClose, features, golden, rows } from "../golden.ts";

const inOriginalOrder = ({ a2i, i2a }: RetrievalRecalls) => [
  i2a.r1,
  i2a.r5,
  i2a.r10,
  a2i.r1,
  a2i.r5,
  a2i.r10,
];

Deno.test("recalls equal the original's", () => {
  const similarity = golden("recall_sim").data;
  assertClose(inOriginalOrder(recalls(similarity, 24)), golden("recall_out").data);
});

Deno.test("recalls from features sum the heads as the original does", () => {
  const audio = features("rec2_audio_feats");
  const image = features("rec2_image_feats");
  const masks = rows(golden("rec2_audio_mask"));
  const perHead = scoreAll(audio, image, masks, { heads: 2 });
  assertClose(perHead, golden("rec2_sims_heads").data);
  const summed = Float32Array.from(
    { length: 24 * 24 },
    (_, i) => perHead[2 * i] + perHead[2 * i + 1],
  );
  assertClose(inOriginalOrder(recalls(summed, 24)), golden("rec2_out").data);
  const loudest = scoreAll(audio, image, masks, { heads: 2, maxOverHeads: true });
  assertClose(inOriginalOrder(recalls(loudest, 24)), golden("rec2_maxheads_out").data);
});

Deno.test("each direction ranks along its own axis", () => {
  const { a2i, i2a } = recalls(Float32Array.of(2, 1, 0, 3, 2.5, 0, 3, 4, 5), 3);
  assert.deepEqual([a2i.r1, i2a.r1], [2 / 3, 1 / 3]);
  assert.deepEqual([a2i.r5, i2a.r5], [1, 1]);
});

Deno.test("a constant similarity reaches chance level", () => {
  const { a2i, i2a } = recalls(new Float32Array(400), 20);
  for (const { r1, r5, r10 } of [a2i, i2a]) {
    assertClose([r1, r5, r10], [1 / 20, 5 / 20, 10 / 20]);
  }
});
