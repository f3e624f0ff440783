import assert from "node:assert/strict";
import {
  bestThresholdIou,
  evenThresholds,
  iou,
  ThresholdCounts,
} from "../../../src/evaluation/metrics/iou.ts";
import { assertClose, golden } from "../golden.ts";

Deno.test("IoU equals the original's", () => {
  const prediction = golden("iou_pred").data;
  const truth = golden("iou_target").data;
  assertClose([iou(prediction.map((p) => p - 0.5), truth)], golden("iou_out").data);
  assertClose([bestThresholdIou(prediction, truth)], golden("multi_iou_out").data);
  assertClose([bestThresholdIou(prediction, truth, 7)], golden("multi_iou_k7_out").data);
  assertClose([iou(new Float32Array(4), new Uint8Array(4))], golden("iou_empty_out").data);
});

Deno.test("IoU of small cases counted by hand", () => {
  assert.equal(iou([1, 1, 0, -1], [1, 0, 1, 0]), 1 / 3);
  assert.equal(bestThresholdIou(Float32Array.of(0, 1, 2, 3), [0, 0, 1, 1], 4), 1);
  assert.equal(bestThresholdIou(Float32Array.of(3, 2, 1, 0), [0, 0, 1, 1], 4), 1 / 4);
  assert.equal(bestThresholdIou(Float32Array.of(2, 2), [1, 0]), 0);
});

Deno.test("threshold counts pool maps and are strict", () => {
  const counts = new ThresholdCounts(Float32Array.of(0.25, 0.5, 0.75));
  counts.add(Float32Array.of(0.25, 0.5, 0.6), [0, 1, 1]);
  counts.add(Float32Array.of(0.9, 0.3), [1, 0]);
  assert.deepEqual([...counts.ious()], [3 / 4, 2 / 3, 1 / 3]);
  assert.deepEqual(counts.best(), { iou: 3 / 4, threshold: 0.25 });
});

Deno.test("thresholds include both ends", () => {
  assert.deepEqual([...evenThresholds(-1, 1, 5)], [-1, -0.5, 0, 0.5, 1]);
});
