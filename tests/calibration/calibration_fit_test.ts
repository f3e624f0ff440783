import assert from "node:assert/strict";
import fc from "fast-check";
import { fitCalibration } from "../../src/calibration/calibration_fit.ts";

function sigmoid(fit: { slope: number; offset: number }, a: number): number {
  return 1 / (1 + Math.exp(-(fit.slope * a + fit.offset)));
}

Deno.test("two overlapping normal classes give the slope that their spread implies", () => {
  // Of deviation 1 and means ±1 the log odds are 2a exactly.
  const normal = Array.from({ length: 2000 }, (_, i) => quantile((i + 0.5) / 2000));
  const fit = fitCalibration(normal.map((v) => v + 1), normal.map((v) => v - 1));
  assert.ok(Math.abs(fit.slope - 2) < 0.05, `${fit.slope}`);
  assert.ok(Math.abs(fit.offset) < 0.02, `${fit.offset}`);
  // P(N(1,1) > N(-1,1)) = Φ(√2)
  assert.ok(Math.abs(fit.auc - 0.9214) < 0.002, `${fit.auc}`);
  assert.ok(Math.abs(fit.matchedMean - 1) < 1e-9 && Math.abs(fit.mismatchedMean + 1) < 1e-9);
});

Deno.test("both classes weigh the same, however many there are of each", () => {
  const matched = [1, 2, 3, 4];
  const few = fitCalibration(matched, [0, 1, 2, 3]);
  const many = fitCalibration(matched, Array(50).fill([0, 1, 2, 3]).flat());
  assert.ok(Math.abs(sigmoid(few, 2) - sigmoid(many, 2)) < 0.1);
  assert.equal(few.auc, many.auc);
});

Deno.test("any values give a finite map that follows the means, in any unit", () => {
  const values = fc.array(fc.double({ min: -50, max: 50, noNaN: true }), {
    minLength: 2,
    maxLength: 30,
  });
  fc.assert(
    fc.property(values, values, fc.constantFrom(1e-3, 1, 1e4), (matched, mismatched, unit) => {
      const fit = fitCalibration(matched.map((v) => v * unit), mismatched.map((v) => v * unit));
      assert.ok(Number.isFinite(fit.slope) && Number.isFinite(fit.offset));
      assert.ok(fit.auc >= 0 && fit.auc <= 1);
      const difference = fit.matchedMean - fit.mismatchedMean;
      if (Math.abs(difference) > unit) assert.equal(Math.sign(fit.slope), Math.sign(difference));
    }),
    { numRuns: 300, seed: 4 },
  );
});

Deno.test("classes that do not overlap are split between them, not by a step", () => {
  const fit = fitCalibration([10, 11, 12], [1, 2, 3]);
  assert.equal(fit.auc, 1);
  assert.ok(sigmoid(fit, 10) > 0.7 && sigmoid(fit, 10) < 0.95, `${sigmoid(fit, 10)}`);
  assert.ok(sigmoid(fit, 3) < 0.3);
});

Deno.test("nothing to fit is refused", () => {
  assert.throws(() => fitCalibration([], [1]), /must hold finite values, got 0 and 1/);
  assert.throws(() => fitCalibration([NaN], [1]), /finite/);
});

/** Quantile of the standard normal distribution by bisection over its series. */
function quantile(p: number): number {
  let [low, high] = [-6, 6];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (normalCdf(middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

function normalCdf(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n < 200; n++) {
    term *= x * x / (2 * n + 1);
    sum += term;
  }
  return 0.5 + sum * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
}
