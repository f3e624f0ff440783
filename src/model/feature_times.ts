import { type AudioTimes, stepSamples } from "./window_samples.ts";

/** The length of a window and the number of features that the graph returned for it. */
export interface EncodedWindow {
  readonly samples: number;
  readonly features: number;
}

/** Rounding of the manifest's numbers, in steps. */
const ROUNDING = 0.01;

/**
 * Why a manifest's `feature_rate` and `first_feature` cannot be those of the graph, judged by the number of features
 * for windows of known length; undefined when they can.
 *
 * Features are spread over the whole window: the audio before the first and after the last is equally long, to within
 * one step, since a graph drops an incomplete last step and may pad the window on both sides. Windows of two lengths
 * show the rate by itself: each additional step must add one feature. What goes unnoticed moves no feature of the longest
 * window by more than a step.
 */
export function featureTimesFault(
  audio: AudioTimes,
  windows: readonly EncodedWindow[],
): string | undefined {
  const step = stepSamples(audio);
  const { sample_rate, feature_rate, first_feature } = audio;
  for (const [i, { samples, features }] of windows.entries()) {
    if (i === 0) continue;
    const more = (samples - windows[0].samples) / step;
    const got = features - windows[0].features;
    if (Math.abs(got - more) >= 1 - ROUNDING) {
      return `audio.feature_rate must be that of the graph, got ${feature_rate}: ` +
        `${
          duration(samples - windows[0].samples, sample_rate)
        } more audio must add ${more} features, added ${got}`;
    }
  }
  for (const { samples, features } of windows) {
    const before = first_feature * feature_rate;
    const after = samples / step - before - (features - 1);
    if (Math.abs(before - after) > 1 + ROUNDING) {
      return "audio.feature_rate and audio.first_feature must be those of the graph, " +
        `got ${feature_rate} and ${first_feature}: ${features} features of ` +
        `${duration(samples, sample_rate)} of audio would end ${
          duration(Math.abs(after) * step, sample_rate)
        } ${after < 0 ? "after" : "before"} its end`;
    }
  }
  return undefined;
}

function duration(samples: number, rate: number): string {
  return `${Number((1000 * samples / rate).toPrecision(4))} ms`;
}
