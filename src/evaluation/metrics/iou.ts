import { extremes } from "./heat_map.ts";

/**
 * Intersection over union of a prediction (positive where > 0) and a truth (true where > 0.5); 1 if both are empty, as
 * in the original.
 */
export function iou(prediction: ArrayLike<number>, truth: ArrayLike<number>): number {
  let both = 0;
  let either = 0;
  for (let i = 0; i < prediction.length; i++) {
    const predicted = prediction[i] > 0;
    const real = truth[i] > 0.5;
    if (predicted && real) both++;
    if (predicted || real) either++;
  }
  return either === 0 ? 1 : both / either;
}

/**
 * IoU at the best of evenly spaced thresholds between the smallest and the largest score (paper: mIoU). Choosing the
 * threshold uses the truth, so this is the IoU of an oracle threshold, not one that a user would get.
 *
 * @param scores pooled pixels of one class
 * @param truth 1 where the pixel belongs to the class, else 0
 * @param count thresholds, both ends included; a pixel is predicted where its score is strictly above
 */
export function bestThresholdIou(
  scores: Float32Array,
  truth: ArrayLike<number>,
  count = 20,
): number {
  const { low, high } = extremes([scores]);
  const counts = new ThresholdCounts(evenThresholds(low, high, count));
  counts.add(scores, truth);
  return counts.best().iou;
}

/** `count` float32 values from `low` to `high`, evenly spaced, computed from both ends like PyTorch's `linspace`. */
export function evenThresholds(low: number, high: number, count: number): Float32Array {
  const step = Math.fround(Math.fround(high - low) / (count - 1));
  return Float32Array.from(
    { length: count },
    (_, i) => i < count / 2 ? low + step * i : high - step * (count - 1 - i),
  );
}

/** Pixel counts at ascending thresholds, pooled over any number of maps. */
export class ThresholdCounts {
  readonly #thresholds: Float32Array;
  readonly #hits: Float64Array;
  readonly #misses: Float64Array;
  #positives = 0;

  constructor(thresholds: Float32Array) {
    this.#thresholds = thresholds;
    this.#hits = new Float64Array(thresholds.length + 1);
    this.#misses = new Float64Array(thresholds.length + 1);
  }

  /** Adds a map's pixels; `truth` is true where > 0.5. */
  add(scores: Float32Array, truth: ArrayLike<number>): void {
    for (let i = 0; i < scores.length; i++) {
      const real = truth[i] > 0.5;
      if (real) this.#positives++;
      (real ? this.#hits : this.#misses)[this.#below(scores[i])]++;
    }
  }

  /** IoU at each threshold; 0 where nothing is predicted or true. */
  ious(): Float64Array {
    const out = new Float64Array(this.#thresholds.length);
    let hits = 0;
    let misses = 0;
    for (let i = this.#thresholds.length; i > 0; i--) {
      hits += this.#hits[i];
      misses += this.#misses[i];
      out[i - 1] = hits / Math.max(1, this.#positives + misses);
    }
    return out;
  }

  /** The largest IoU and its threshold. */
  best(): { iou: number; threshold: number } {
    const ious = this.ious();
    const index = ious.reduce((best, value, i) => value > ious[best] ? i : best, 0);
    return { iou: ious[index], threshold: this.#thresholds[index] };
  }

  #below(score: number): number {
    let from = 0;
    let to = this.#thresholds.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      if (this.#thresholds[middle] < score) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}
