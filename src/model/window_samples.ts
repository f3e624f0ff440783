import type { Manifest } from "./manifest.ts";

/** When a model's audio features happen, as in its manifest. */
export type AudioTimes = Pick<
  Manifest["audio"],
  "sample_rate" | "feature_rate" | "first_feature" | "min_samples"
>;

/** Samples from one audio feature to the next. */
export function stepSamples({ sample_rate, feature_rate }: AudioTimes): number {
  return Math.round(sample_rate / feature_rate);
}

/** Samples of the audio window that is encoded for so many seconds: whole steps, and as many as the model needs. */
export function windowSamples(audio: AudioTimes, seconds: number): number {
  const step = stepSamples(audio);
  const steps = Math.max(1, Math.round(seconds * audio.feature_rate));
  return Math.max(steps, Math.ceil(audio.min_samples / step)) * step;
}
