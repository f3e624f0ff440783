import assert from "node:assert/strict";
import { heardSteps } from "../../src/calibration/heard_steps.ts";

const AUDIO = { sample_rate: 1000, feature_rate: 10, first_feature: 0.05 };

/** One amplitude per step of 100 samples. */
const samples = (...amplitudes: number[]) =>
  Float32Array.from(
    { length: 100 * amplitudes.length },
    (_, i) => amplitudes[Math.floor(i / 100)] * (i % 2 ? 1 : -1),
  );

Deno.test("without a time span the steps that are not silent are heard", () => {
  const clip = samples(0, 0.5, 0.1, 0.014, 0.5);
  // 0.014 is 31 dB below 0.5.
  assert.deepEqual([...heardSteps({ kind: "sound" }, clip, 5, AUDIO)], [0, 1, 1, 0, 1]);
});

Deno.test("all steps of digital silence count", () => {
  assert.deepEqual([...heardSteps({ kind: "sound" }, samples(0, 0), 2, AUDIO)], [1, 1]);
});

Deno.test("a time span selects its steps, or none if it is after the end of the clip", () => {
  const clip = samples(1, 1, 1, 1);
  const steps = (onset: number, offset: number) => [
    ...heardSteps({ kind: "sound", time: { onset, offset } }, clip, 4, AUDIO),
  ];
  assert.deepEqual(steps(0.1, 0.3), [0, 1, 1, 0]);
  assert.deepEqual(steps(0.3, 9), [0, 0, 0, 1]);
  assert.deepEqual(steps(0.4, 9), [0, 0, 0, 0]);
});
