import assert from "node:assert/strict";
import fc from "fast-check";
import {
  averagePrecision,
  publishedAveragePrecision,
} from "../../../src/evaluation/metrics/average_precision.ts";
import { assertClose, golden } from "../golden.ts";

Deno.test("average precision equals the original's", () => {
  const truth = golden("iou_target").data;
  for (const [scores, expected] of [["iou_pred", "ap_out"], ["ap_ties_pred", "ap_ties_out"]]) {
    const pixels = golden(scores).data;
    assertClose([averagePrecision(pixels, truth)], golden(expected).data, scores);
    assertClose([publishedAveragePrecision(pixels, truth)], golden(expected).data, scores);
  }
  const logits = golden("ap_logits_pred").data;
  const positives = golden("ap_logits_target").data;
  assertClose([publishedAveragePrecision(logits, positives)], golden("ap_logits_out").data);
  assert.ok(Number.isNaN(golden("ap_nopos_out").data[0]));
  assert.ok(Number.isNaN(averagePrecision(Float32Array.of(0.1, 0.2), [0, 0])));
});

Deno.test("the published sigmoid merges large scores into ties", () => {
  const scores = Float32Array.of(40, 41, 42, 0);
  assert.equal(averagePrecision(scores, [0, 0, 1, 0]), 1);
  assert.equal(publishedAveragePrecision(scores, [0, 0, 1, 0]), 1 / 3);
});

Deno.test("average precision equals its definition", () => {
  const pixel = fc.record({
    score: fc.constantFrom(-2, -0.5, 0, 0.25, 0.5, 7),
    truth: fc.boolean(),
  });
  fc.assert(fc.property(fc.array(pixel, { minLength: 1, maxLength: 30 }), (pixels) => {
    const positives = pixels.filter((p) => p.truth).length;
    fc.pre(positives > 0);
    let expected = 0;
    let recall = 0;
    for (const threshold of [...new Set(pixels.map((p) => p.score))].sort((a, b) => b - a)) {
      const chosen = pixels.filter((p) => p.score >= threshold);
      const hits = chosen.filter((p) => p.truth).length;
      expected += (hits / positives - recall) * hits / chosen.length;
      recall = hits / positives;
    }
    const got = averagePrecision(
      Float32Array.from(pixels, (p) => p.score),
      pixels.map((p) => p.truth ? 1 : 0),
    );
    assert.ok(Math.abs(got - expected) < 1e-12);
  }));
});
