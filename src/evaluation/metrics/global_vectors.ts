import type { DenseFeatures } from "../clip_features.ts";

/**
 * One vector for a whole clip or picture: the mean of its features over the selected cells. It represents models that
 * have a single global vector, the baseline for dense features.
 *
 * @param mask one weight per cell; equal weights if undefined or empty
 * @returns `[C]`
 */
export function globalVector(features: DenseFeatures, mask?: ArrayLike<number>): Float32Array {
  const { channels, cells, data } = features;
  let weights = 0;
  for (let cell = 0; mask && cell < cells; cell++) weights += mask[cell];
  return Float32Array.from({ length: channels }, (_, c) => {
    let sum = 0;
    for (let cell = 0; cell < cells; cell++) {
      sum += data[c * cells + cell] * (mask && weights > 0 ? mask[cell] : 1);
    }
    return sum / (weights > 0 ? weights : cells);
  });
}

/** Dot product of each head's part of two vectors. */
export function headProducts(a: Float32Array, b: Float32Array, heads: number): number[] {
  const code = a.length / heads;
  return Array.from({ length: heads }, (_, head) => {
    let sum = 0;
    for (let c = head * code; c < (head + 1) * code; c++) sum += a[c] * b[c];
    return sum;
  });
}

/** Cosine of the angle between two vectors; 0 if one is 0. */
export function cosine(a: Float32Array, b: Float32Array): number {
  const [product] = headProducts(a, b, 1);
  const length = Math.sqrt(headProducts(a, a, 1)[0] * headProducts(b, b, 1)[0]);
  return length > 0 ? product / length : 0;
}
