import type { DenseFeatures } from "../clip_features.ts";

/** How a similarity volume becomes one number. The defaults are DenseAV's own: max over space, mean over time. */
export interface Aggregation {
  readonly heads: number;
  readonly overSpace?: "max" | "mean";
  readonly overTime?: "max" | "mean";
  /** Clips similarities at 0 first. */
  readonly nonNegative?: boolean;
  /** Maximum over heads at each cell and step before pooling: one score per pair instead of one per head. */
  readonly maxOverHeads?: boolean;
}

/** The original subtracts this from masked steps before a max over time. */
const MASKED = 1e7;

/**
 * Scores of every sound with every picture (paper, multi-head aggregation of similarities): the volume
 * `Σ_c audio · image` of each head, plus the head's class-token product where both have class tokens, pooled over
 * space and time. A clip whose mask is empty scores 0 with a mean over time, and 1e7 too low with a max, as in the original.
 *
 * @param audio `[A, C, T]`
 * @param image `[V, C, h·w]`
 * @param masks one `[T]` per sound
 * @returns `[A, V, K]`, or `[A, V]` with `maxOverHeads`
 */
export function scoreAll(
  audio: DenseFeatures,
  image: DenseFeatures,
  masks: readonly ArrayLike<number>[],
  how: Aggregation,
): Float32Array {
  const scorer = new PairScorer(audio, image, how);
  const out = new Float32Array(audio.items * image.items * scorer.width);
  for (let a = 0; a < audio.items; a++) {
    for (let v = 0; v < image.items; v++) {
      out.set(scorer.score(a, v, masks[a]), (a * image.items + v) * scorer.width);
    }
  }
  return out;
}

/**
 * Scores of sound i with picture i; otherwise as `scoreAll`.
 *
 * @returns `[N, K]`, or `[N]` with `maxOverHeads`
 */
export function scorePairs(
  audio: DenseFeatures,
  image: DenseFeatures,
  masks: readonly ArrayLike<number>[],
  how: Aggregation,
): Float32Array {
  const scorer = new PairScorer(audio, image, how);
  const out = new Float32Array(audio.items * scorer.width);
  for (let i = 0; i < audio.items; i++) out.set(scorer.score(i, i, masks[i]), i * scorer.width);
  return out;
}

class PairScorer {
  /** Scores per pair. */
  readonly width: number;

  readonly #audio: DenseFeatures;
  readonly #image: DenseFeatures;
  readonly #how: Aggregation;
  readonly #volume: Float64Array;

  constructor(audio: DenseFeatures, image: DenseFeatures, how: Aggregation) {
    if (audio.channels !== image.channels || audio.channels % how.heads !== 0) {
      throw new RangeError(
        `Cannot score pairs: channels must be equal and a multiple of ${how.heads} heads, ` +
          `got ${audio.channels} for sounds and ${image.channels} for pictures`,
      );
    }
    this.width = how.maxOverHeads ? 1 : how.heads;
    this.#audio = audio;
    this.#image = image;
    this.#how = how;
    this.#volume = new Float64Array(this.width * audio.cells * image.cells);
  }

  score(a: number, v: number, mask: ArrayLike<number>): number[] {
    this.#fill(a, v);
    return Array.from({ length: this.width }, (_, head) => this.#pool(head, mask));
  }

  #fill(a: number, v: number): void {
    const { heads, maxOverHeads, nonNegative } = this.#how;
    const { cells: steps } = this.#audio;
    const { cells } = this.#image;
    const code = this.#audio.channels / heads;
    const sums = new Float64Array(cells);
    for (let head = 0; head < heads; head++) {
      const bias = this.#classProduct(a, v, head, code);
      for (let step = 0; step < steps; step++) {
        sums.fill(bias);
        for (let c = head * code; c < (head + 1) * code; c++) {
          const weight = this.#audio.data[(a * this.#audio.channels + c) * steps + step];
          const row = (v * this.#image.channels + c) * cells;
          for (let cell = 0; cell < cells; cell++) {
            sums[cell] += weight * this.#image.data[row + cell];
          }
        }
        const start = ((maxOverHeads ? 0 : head) * steps + step) * cells;
        for (let cell = 0; cell < cells; cell++) {
          const value = nonNegative ? Math.max(0, sums[cell]) : sums[cell];
          const first = !maxOverHeads || head === 0;
          this.#volume[start + cell] = first ? value : Math.max(this.#volume[start + cell], value);
        }
      }
    }
  }

  #classProduct(a: number, v: number, head: number, code: number): number {
    const heard = this.#audio.classTokens;
    const seen = this.#image.classTokens;
    if (!heard || !seen) return 0;
    let sum = 0;
    for (let c = head * code; c < (head + 1) * code; c++) {
      sum += heard[a * this.#audio.channels + c] * seen[v * this.#image.channels + c];
    }
    return sum;
  }

  #pool(head: number, mask: ArrayLike<number>): number {
    const { cells: steps } = this.#audio;
    const { cells } = this.#image;
    const { overSpace = "max", overTime = "mean" } = this.#how;
    let sum = 0;
    let weights = 0;
    let highest = -Infinity;
    for (let step = 0; step < steps; step++) {
      const start = (head * steps + step) * cells;
      const value = pooled(this.#volume.subarray(start, start + cells), overSpace);
      sum += value * mask[step];
      weights += mask[step];
      highest = Math.max(highest, mask[step] ? value : value - MASKED);
    }
    return overTime === "max" ? highest : sum / Math.max(0.001, weights);
  }
}

function pooled(values: Float64Array, how: "max" | "mean"): number {
  let sum = 0;
  let highest = -Infinity;
  for (const value of values) {
    sum += value;
    if (value > highest) highest = value;
  }
  return how === "max" ? highest : sum / values.length;
}
