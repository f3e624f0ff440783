import assert from "node:assert/strict";
import fc from "fast-check";
import { fitLogistic } from "../../src/calibration/fit_logistic.ts";
import { probability } from "../../src/core/logistic.ts";
import { quantile } from "./normal.ts";

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

Deno.test("two overlapping normal classes give the slope that their spread implies", () => {
  // Of deviation 1 and means ±1 the log odds are 2a exactly.
  const normal = Array.from({ length: 2000 }, (_, i) => quantile((i + 0.5) / 2000));
  const fit = fitLogistic(normal.map((v) => v + 1), normal.map((v) => v - 1));
  assert.ok(Math.abs(fit.slope - 2) < 0.05, `${fit.slope}`);
  assert.ok(Math.abs(fit.offset) < 0.02, `${fit.offset}`);
});

Deno.test("both classes have the same weight, however many values each has", () => {
  const matched = [1, 2, 3, 4];
  const few = fitLogistic(matched, [0, 1, 2, 3]);
  const many = fitLogistic(matched, Array(50).fill([0, 1, 2, 3]).flat());
  assert.ok(Math.abs(probability(few, 2) - probability(many, 2)) < 1e-4);
});

Deno.test("any values give a finite map that follows the means, in any unit", () => {
  const values = fc.array(fc.double({ min: -50, max: 50, noNaN: true }), {
    minLength: 2,
    maxLength: 30,
  });
  fc.assert(
    fc.property(values, values, fc.constantFrom(1e-3, 1, 1e4), (matched, mismatched, unit) => {
      const [a, b] = [matched, mismatched].map((part) => part.map((v) => v * unit));
      const fit = fitLogistic(a, b);
      assert.ok(Number.isFinite(fit.slope) && Number.isFinite(fit.offset));
      const difference = mean(a) - mean(b);
      if (Math.abs(difference) > unit) assert.equal(Math.sign(fit.slope), Math.sign(difference));
    }),
    { numRuns: 300, seed: 4 },
  );
});

Deno.test("the fit is the minimum of the loss: no neighbor is better", () => {
  const values = fc.array(fc.double({ min: -3, max: 3, noNaN: true }), {
    minLength: 5,
    maxLength: 30,
  });
  fc.assert(
    fc.property(values, values, (matched, mismatched) => {
      const loss = ({ slope, offset }: { slope: number; offset: number }) => {
        const cost = (x: number) => Math.max(0, x) + Math.log1p(Math.exp(-Math.abs(x)));
        return mean(matched.map((v) => cost(-slope * v - offset))) / 2 +
          mean(mismatched.map((v) => cost(slope * v + offset))) / 2 +
          5e-7 * (slope ** 2 + offset ** 2) / (matched.length + mismatched.length);
      };
      const fit = fitLogistic(matched, mismatched);
      for (const [slope, offset] of [[1, 0], [-1, 0], [0, 1], [0, -1], [1, 1], [1, -1]]) {
        const near = { slope: fit.slope + 1e-2 * slope, offset: fit.offset + 1e-2 * offset };
        assert.ok(loss(near) >= loss(fit) - 1e-12);
      }
    }),
    { numRuns: 200, seed: 5 },
  );
});

Deno.test("classes that do not overlap are separated between them, by a finite slope", () => {
  const fit = fitLogistic([10, 11, 12], [1, 2, 3]);
  assert.ok(probability(fit, 10) > 0.99 && probability(fit, 3) < 0.01);
  const middle = -fit.offset / fit.slope;
  assert.ok(middle > 4 && middle < 9, `${middle}`);
  assert.ok(fit.slope < 10, `${fit.slope}`);
});

Deno.test("nothing to fit is rejected", () => {
  assert.throws(() => fitLogistic([], [1]), /must contain finite values, got 0 matched and 1/);
  assert.throws(() => fitLogistic([NaN], [1]), /finite/);
});
