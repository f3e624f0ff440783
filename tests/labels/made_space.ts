import type { LabelSpace } from "../../src/labels/label_space.ts";

/** So small that normalizing a code does not bend the space. */
const TINY = 1e-4;

/** A space whose coordinates are those of {@linkcode codeAt}. */
export function madeSpace(
  between: readonly number[],
  changes: Partial<LabelSpace> = {},
): LabelSpace {
  const size = between.length;
  const width = size + 1;
  const transform = new Float32Array(size * width);
  for (let d = 0; d < size; d++) transform[d * width + d + 1] = 1 / TINY;
  const mean = new Float32Array(width);
  mean[0] = 1;
  return { mean, transform, between: Float32Array.from(between), scale: 1, unknown: 0, ...changes };
}

/** A code with the given coordinates. */
export function codeAt(coordinates: readonly number[], length = 1): Float32Array {
  return Float32Array.from([length, ...coordinates.map((value) => length * TINY * value)]);
}

/** Normally distributed numbers, the same for each seed. */
export function normals(seed: number): () => number {
  let state = seed >>> 0;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}
