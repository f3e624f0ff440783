import assert from "node:assert/strict";
import { type GoldenTensor, readGolden } from "../support/safetensors.ts";
import type { DenseFeatures } from "../../src/evaluation/clip_features.ts";

/** Inputs and outputs of the original's metrics, computed by the original code. */
export const golden = readGolden(new URL("./golden/metrics.safetensors", import.meta.url));

/**
 * Asserts that two lists agree to 1e-6, relative to the value or to `scale`, the size of the terms that the original
 * adds up in float32, whichever is larger.
 */
export function assertClose(
  got: ArrayLike<number>,
  expected: ArrayLike<number>,
  what = "",
  scale = 1,
): void {
  assert.equal(got.length, expected.length, `${what} length`);
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(got[i] - expected[i]) / Math.max(scale, Math.abs(expected[i]));
    assert.ok(difference <= 1e-6, `${what}[${i}]: expected ${expected[i]}, got ${got[i]}`);
  }
}

/** Row i of a tensor's first dimension. */
export function row(tensor: GoldenTensor, i: number): Float32Array {
  const length = tensor.data.length / tensor.dims[0];
  return tensor.data.slice(i * length, (i + 1) * length);
}

/** All rows. */
export function rows(tensor: GoldenTensor): Float32Array[] {
  return Array.from({ length: tensor.dims[0] }, (_, i) => row(tensor, i));
}

/** Features `[items, channels, …cells]`, the original's frequency axis of size 1 dropped. */
export function features(name: string, classTokens?: string): DenseFeatures {
  const { dims, data } = golden(name);
  return {
    items: dims[0],
    channels: dims[1],
    cells: dims.slice(2).reduce((product, dim) => product * dim, 1),
    data,
    classTokens: classTokens === undefined ? undefined : golden(classTokens).data,
  };
}

/** `[h, w, t]` as the original has it, turned into `[t, h·w]`. */
export function timeFirst(volume: Float32Array, steps: number): Float32Array {
  const cells = volume.length / steps;
  return Float32Array.from(volume, (_, i) => volume[(i % cells) * steps + Math.floor(i / cells)]);
}
