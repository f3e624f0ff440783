import assert from "node:assert/strict";
import {
  featureMask,
  publishedWordSteps,
  rangeMask,
  stepsBetween,
  wordSteps,
} from "../../../src/evaluation/metrics/time_mask.ts";
import { resizeLinear } from "../../../src/core/resize_bilinear.ts";
import { assertClose, golden, row, rows } from "../golden.ts";

Deno.test("masks over samples become masks over steps as in the original", () => {
  for (const steps of [11, 29]) {
    rows(golden("imask_in")).forEach((samples, i) => {
      assertClose(resizeLinear(samples, steps), row(golden(`imask_${steps}_cont`), i));
      const expected = row(golden(`imask_${steps}_disc`), i);
      if (resizeLinear(samples, steps).some((value) => value > 0.01)) {
        assert.deepEqual([...featureMask(samples, steps)], [...expected]);
      } else {
        assert.equal(featureMask(samples, steps).includes(1), false);
      }
    });
  }
});

Deno.test("word steps equal the original's", () => {
  for (const heads of [1, 2]) {
    const bounds = rows(golden(`gph_h${heads}_bounds`));
    rows(golden(`gph_h${heads}_timing`)).forEach(([onset, offset], i) => {
      const { from, to } = publishedWordSteps(onset, offset, 164200 / 16000, 20);
      assert.deepEqual([from, to], [...bounds[i]]);
      assert.deepEqual(wordSteps(onset, offset, 164200 / 16000, 20), { from, to });
    });
  }
});

Deno.test("a word at the clip's edge fails as published and is cut when corrected", () => {
  assert.throws(() => publishedWordSteps(0.1, 0.5, 10, 20), /0\.\.19, got -1/);
  assert.throws(() => publishedWordSteps(9, 9.7, 10, 20), RangeError);
  assert.deepEqual(wordSteps(0.1, 0.5, 10, 20), { from: 0, to: 2 });
  assert.deepEqual(wordSteps(9, 9.7, 10, 20), { from: 17, to: 20 });
});

Deno.test("a range's mask excludes its end and is empty outside the clip", () => {
  assert.deepEqual([...rangeMask({ from: 1, to: 3 }, 4)], [0, 1, 1, 0]);
  assert.equal(rangeMask(wordSteps(12, 13, 10, 20), 20).includes(1), false);
});

Deno.test("a time span selects the steps whose centers are inside it, or else the nearest", () => {
  const times = { feature_rate: 10, first_feature: 0.05 };
  const steps = (onset: number, offset: number) => [...stepsBetween(onset, offset, times, 5)];
  assert.deepEqual(steps(0.1, 0.3), [0, 1, 1, 0, 0]);
  assert.deepEqual(steps(0.16, 0.36), [0, 0, 1, 1, 0]);
  assert.deepEqual(steps(0, 9), [1, 1, 1, 1, 1]);
  assert.deepEqual(steps(0.26, 0.28), [0, 0, 1, 0, 0]);
  assert.deepEqual(steps(3, 4), [0, 0, 0, 0, 1]);
});
