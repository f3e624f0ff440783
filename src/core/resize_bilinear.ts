/** Width and height in cells or pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * Resizes a map by bilinear interpolation between pixel centers, without smoothing when it shrinks; edges are repeated.
 * The rule of PyTorch's `interpolate(mode="bilinear", align_corners=False)`, which the original's evaluation uses.
 *
 * @param map row-major `[from.height, from.width]`
 * @returns row-major `[to.height, to.width]`
 */
export function resizeBilinear(map: Float32Array, from: Size, to: Size): Float32Array {
  const columns = taps(from.width, to.width);
  const rows = taps(from.height, to.height);
  const out = new Float32Array(to.width * to.height);
  for (let y = 0; y < to.height; y++) {
    const top = rows.first[y] * from.width;
    const bottom = rows.second[y] * from.width;
    const down = rows.weight[y];
    for (let x = 0; x < to.width; x++) {
      const left = columns.first[x];
      const right = columns.second[x];
      const across = columns.weight[x];
      const above = map[top + left] * (1 - across) + map[top + right] * across;
      const below = map[bottom + left] * (1 - across) + map[bottom + right] * across;
      out[y * to.width + x] = above * (1 - down) + below * down;
    }
  }
  return out;
}

/**
 * One row resized by the same rule.
 *
 * @returns `length` values
 */
export function resizeLinear(row: ArrayLike<number>, length: number): Float32Array {
  const { first, second, weight } = taps(row.length, length);
  return Float32Array.from(
    { length },
    (_, i) => row[first[i]] * (1 - weight[i]) + row[second[i]] * weight[i],
  );
}

function taps(from: number, to: number) {
  const first = new Int32Array(to);
  const second = new Int32Array(to);
  const weight = new Float64Array(to);
  for (let i = 0; i < to; i++) {
    const center = Math.max(0, (i + 0.5) * from / to - 0.5);
    first[i] = Math.min(Math.floor(center), from - 1);
    second[i] = Math.min(first[i] + 1, from - 1);
    weight[i] = center - first[i];
  }
  return { first, second, weight };
}
