import assert from "node:assert/strict";
import { windowSamples } from "../../src/model/window_samples.ts";

const times = (min_samples: number) => ({
  sample_rate: 16000 as const,
  feature_rate: 1 / 0.18,
  first_feature: 0.0925,
  min_samples,
});

Deno.test("a window is whole steps, and as long as the model needs", () => {
  assert.equal(windowSamples(times(2960), 2), 11 * 2880);
  assert.equal(windowSamples(times(2960), 0.01), 2 * 2880);
});

Deno.test("a model made for one window states its length as the least, and gets that window", () => {
  for (let seconds = 0.2; seconds < 12; seconds += 0.13) {
    const samples = windowSamples(times(2960), seconds);
    assert.equal(samples, windowSamples(times(samples), seconds));
  }
});
