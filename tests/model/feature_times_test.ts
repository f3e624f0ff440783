import assert from "node:assert/strict";
import fc from "fast-check";
import { featureTimesFault } from "../../src/model/feature_times.ts";

const RATE = 16_000;

/** A stack of convolutions as one: `features = floor((samples + left + right - field) / step) + 1`. */
interface Stack {
  readonly step: number;
  readonly field: number;
  /** Zeros on both sides together. */
  readonly padding: number;
}

const encode = ({ step, field, padding }: Stack, samples: number) => ({
  samples,
  features: Math.floor((samples + padding - field) / step) + 1,
});

const times = ({ step, field, padding }: Stack) => ({
  sample_rate: RATE as 16000,
  feature_rate: RATE / step,
  first_feature: (field - padding) / 2 / RATE,
  min_samples: field,
});

const stack = fc.record({
  step: fc.integer({ min: 40, max: 3000 }),
  overlap: fc.integer({ min: 0, max: 4000 }),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  steps: fc.integer({ min: 20, max: 80 }),
}).map(({ step, overlap, share, steps }) => {
  const field = step + overlap;
  const padding = 2 * Math.floor(share * overlap / 2);
  return { stack: { step, field, padding }, window: field + steps * step };
});

Deno.test("the true times of any stack of symmetric convolutions are accepted", () => {
  fc.assert(fc.property(stack, ({ stack, window }) => {
    const windows = [encode(stack, window), encode(stack, 3 * window)];
    assert.equal(featureTimesFault(times(stack), windows.slice(0, 1)), undefined);
    const whole = [encode(stack, window), encode(stack, window + 40 * stack.step)];
    assert.equal(featureTimesFault(times(stack), whole), undefined);
  }));
});

Deno.test("a rate that is 6 % off, or a first feature a step off, is refused", () => {
  fc.assert(fc.property(stack, fc.boolean(), ({ stack, window }, up) => {
    const truth = times(stack);
    const step = Math.round(stack.step * (up ? 1.06 : 0.94));
    const steps = Math.round(window / step);
    const windows = [encode(stack, steps * step), encode(stack, 3 * steps * step)];
    const fault = featureTimesFault({ ...truth, feature_rate: RATE / step }, windows);
    assert.match(fault!, /feature_rate must be that of the graph|must be those of the graph/);
    const late = { ...truth, first_feature: truth.first_feature + 1.1 * stack.step / RATE };
    assert.match(featureTimesFault(late, [encode(stack, window)])!, /first_feature must be/);
  }));
});
