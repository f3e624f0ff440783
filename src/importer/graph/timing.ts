import type { Architecture, TimeConv } from "../checkpoint/architecture.ts";

/** Sample rate of the encoders, Hz. */
export const SAMPLE_RATE = 16000;

/** When audio features happen, which follows from the strides alone. */
export interface AudioTiming {
  /** Features per second. */
  readonly featureRate: number;
  /** Seconds from the first sample to the center of the samples that feature 0 is convolved from. */
  readonly firstFeature: number;
  /** Seconds of audio that one feature is convolved from; attention covers the whole window. */
  readonly receptiveField: number;
  /** Smallest number of samples that yields a feature. */
  readonly minSamples: number;
}

/** Timing of the convolutions before and the pools after the transformer. */
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

/** Steps that remain of `samples` after `convs` without padding. */
export function stepsAfter(samples: number, convs: readonly TimeConv[]): number {
  return convs.reduce((n, { kernel, stride }) => Math.floor((n - kernel) / stride) + 1, samples);
}
