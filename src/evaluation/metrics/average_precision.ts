import { logistic } from "../../core/logistic.ts";

/**
 * Average precision: the sum over distinct scores, from the highest, of precision times the gain in recall (no
 * interpolation; equal scores count together). The definition of scikit-learn and torchmetrics.
 *
 * @param scores any finite values
 * @param truth true where > 0.5
 * @returns 0..1; NaN without a positive
 */
export function averagePrecision(scores: Float32Array, truth: ArrayLike<number>): number {
  const keys = sortedKeys(scores, truth);
  let positives = 0;
  for (let i = 0; i < truth.length; i++) if (truth[i] > 0.5) positives++;
  if (positives === 0) return NaN;
  let hits = 0;
  let sum = 0;
  for (let i = keys.length - 1; i >= 0;) {
    const score = Math.fround(keys[i]);
    const before = hits;
    while (i >= 0 && Math.fround(keys[i]) === score) hits += label(keys[i--]);
    sum += (hits - before) * hits / (keys.length - 1 - i);
  }
  return sum / positives;
}

/**
 * Average precision as the original reports it (torchmetrics 0.11): if any score is outside 0..1, all scores pass
 * through a float32 sigmoid first, which merges large scores into ties and so can change the result.
 */
export function publishedAveragePrecision(
  scores: Float32Array,
  truth: ArrayLike<number>,
): number {
  const outside = scores.some((score) => score < 0 || score > 1);
  return averagePrecision(
    outside ? scores.map(logistic) : scores,
    truth,
  );
}

const bits = new Float64Array(1);
const words = new Uint32Array(bits.buffer);
const LOW_WORD = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 0 : 1;

/**
 * A float32 leaves 29 low bits of a float64 unused. The lowest one stores the truth, so that a plain numeric sort of one
 * typed array orders millions of pixels without an index.
 */
function sortedKeys(scores: Float32Array, truth: ArrayLike<number>): Float64Array {
  const keys = new Float64Array(scores);
  const view = new Uint32Array(keys.buffer);
  for (let i = 0; i < keys.length; i++) if (truth[i] > 0.5) view[2 * i + LOW_WORD] |= 1;
  return keys.sort();
}

function label(key: number): number {
  bits[0] = key;
  return words[LOW_WORD] & 1;
}
