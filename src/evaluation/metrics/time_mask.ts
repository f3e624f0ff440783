import { resizeLinear } from "../../core/resize_bilinear.ts";

/**
 * Converts a mask over samples to one over feature steps: resized by interpolation between centers, a step is 1 where the
 * result exceeds .01, as in the original. If there is no such step the original sets one *at random*; here the mask stays
 * empty.
 *
 * @param samples 1 where a sample is real, 0 on padding
 * @param steps feature steps
 * @returns 0 or 1 per step
 */
export function featureMask(samples: ArrayLike<number>, steps: number): Uint8Array {
  return Uint8Array.from(resizeLinear(samples, steps), (value) => value > 0.01 ? 1 : 0);
}

/** First step and the step after the last. */
export interface StepRange {
  readonly from: number;
  readonly to: number;
}

/** The original widens a spoken word by this at both ends, in seconds. */
const WORD_MARGIN_SECONDS = 0.2;

/**
 * Steps of a spoken word as the original computes them, in float32: .2 s added at both ends, share of the padded clip,
 * floor and ceil.
 *
 * @param onset seconds from the clip's start
 * @param offset seconds
 * @param clipSeconds length of the padded clip; the original uses the *first* clip's length for all
 * @param steps feature steps of the padded clip
 * @throws {RangeError} where the original fails: a bound below 0, or at or after the last step + 1
 */
export function publishedWordSteps(
  onset: number,
  offset: number,
  clipSeconds: number,
  steps: number,
): StepRange {
  const { from, to } = wordBounds(onset, offset, clipSeconds, steps);
  if (from < 0 || to < 0 || from >= steps || to >= steps) {
    throw new RangeError(
      `Cannot compute the published word mask: steps must be in 0..${
        steps - 1
      }, got ${from}..${to}`,
    );
  }
  return { from, to };
}

/** The same, cut to the clip instead of failing; empty (`from >= to`) if the word is outside the clip. */
export function wordSteps(
  onset: number,
  offset: number,
  clipSeconds: number,
  steps: number,
): StepRange {
  const { from, to } = wordBounds(onset, offset, clipSeconds, steps);
  return { from: Math.max(0, from), to: Math.min(steps, to) };
}

/** 1 from `range.from` up to but not including `range.to`. */
export function rangeMask(range: StepRange, steps: number): Uint8Array {
  return Uint8Array.from(
    { length: steps },
    (_, step) => step >= range.from && step < range.to ? 1 : 0,
  );
}

function wordBounds(onset: number, offset: number, clipSeconds: number, steps: number): StepRange {
  const share = (seconds: number) =>
    Math.fround(steps * Math.fround(Math.fround(seconds) / Math.fround(clipSeconds)));
  const margin = Math.fround(WORD_MARGIN_SECONDS);
  return {
    from: Math.floor(share(Math.fround(onset) - margin)),
    to: Math.ceil(share(Math.fround(offset) + margin)),
  };
}

/** Times of a model's feature steps, from its manifest. */
export interface StepTimes {
  /** Steps per second. */
  readonly feature_rate: number;
  /** Seconds from the clip's first sample to the center of step 0. */
  readonly first_feature: number;
}

/**
 * Steps whose centers are inside a time span; the nearest one if there is none.
 *
 * @param onset seconds from the clip's start
 * @param offset seconds
 * @returns 0 or 1 per step
 */
export function stepsBetween(
  onset: number,
  offset: number,
  times: StepTimes,
  steps: number,
): Uint8Array {
  const position = (seconds: number) => (seconds - times.first_feature) * times.feature_rate;
  const from = Math.max(0, Math.ceil(position(onset)));
  const to = Math.min(steps, Math.ceil(position(offset)));
  if (to > from) return rangeMask({ from, to }, steps);
  const nearest = Math.round(position((onset + offset) / 2));
  const step = Math.min(steps - 1, Math.max(0, nearest));
  return rangeMask({ from: step, to: step + 1 }, steps);
}

/** Steps of any of several time spans, each as by {@linkcode stepsBetween}. */
export function stepsDuring(
  spans: readonly { readonly onset: number; readonly offset: number }[],
  times: StepTimes,
  steps: number,
): Uint8Array {
  const mask = new Uint8Array(steps);
  for (const { onset, offset } of spans) {
    stepsBetween(onset, offset, times, steps).forEach((on, step) => mask[step] |= on);
  }
  return mask;
}
