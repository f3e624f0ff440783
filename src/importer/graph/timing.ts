import type { Architecture, TimeConv } from "../checkpoint/architecture.ts";

/** Hz; the encoders' own. */
export const SAMPLE_RATE = 16000;

/** When audio features happen, from the strides alone. */
export interface AudioTiming {
  /** Features per second. */
  readonly featureRate: number;
  /** Seconds from the first sample to the centre of what feature 0 is convolved from. */
  readonly firstFeature: number;
  /** Seconds that one feature is convolved from; attention reaches further, over the whole window. */
  readonly receptiveField: number;
  /** Fewest samples that give a feature. */
  readonly minSamples: number;
}

/** Timing of the convolutions and pools in front of and behind the transformer. */
export function audioTiming({ audio, pools }: Pick<Architecture, "audio" | "pools">): AudioTiming {
  let stride = 1;
  let field = 1;
  for (const conv of [...audio.convs, ...pools]) {
    field += (conv.kernel - 1) * stride;
    stride *= conv.stride;
  }
  return {
    featureRate: SAMPLE_RATE / stride,
    firstFeature: field / 2 / SAMPLE_RATE,
    receptiveField: field / SAMPLE_RATE,
    minSamples: field,
  };
}

/** Steps left of `samples` after `convs` without padding. */
export function stepsAfter(samples: number, convs: readonly TimeConv[]): number {
  return convs.reduce((n, { kernel, stride }) => Math.floor((n - kernel) / stride) + 1, samples);
}

/**
 * Samples of the window that a pipeline feeds for a duration: whole feature steps, and as many as the
 * model needs.
 */
export function windowSamples(timing: AudioTiming, seconds: number): number {
  const stride = Math.round(SAMPLE_RATE / timing.featureRate);
  const steps = Math.round(seconds * timing.featureRate);
  return Math.max(steps, Math.ceil(timing.minSamples / stride)) * stride;
}
