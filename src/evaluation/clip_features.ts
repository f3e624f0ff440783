/** Dense features of several items, row-major `[items, channels, cells]`; cells are grid cells or time steps. */
export interface DenseFeatures {
  readonly items: number;
  readonly channels: number;
  readonly cells: number;
  readonly data: Float32Array;
  /** Class tokens, `[items, channels]`, for models that have them. */
  readonly classTokens?: Float32Array;
  /** Of a sound, `[K, T]`, for models that give it: the probability that something of head k's kind is heard. */
  readonly presence?: Float32Array;
}

/** Similarity of one clip with one picture. */
export interface ClipVolume {
  readonly heads: number;
  readonly steps: number;
  /** `[K, T, h, w]` */
  readonly volume: Float32Array;
  /** `[K, T]`, the maximum over the picture. */
  readonly activation: Float32Array;
}

/** `[T, C]` from `[C, T]`. */
export function stepsFirst({ data, channels, cells }: DenseFeatures): Float32Array {
  return Float32Array.from(data, (_, i) => data[(i % channels) * cells + Math.floor(i / channels)]);
}
