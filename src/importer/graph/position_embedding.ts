/** The free parameter of cubic convolution in PyTorch's bicubic interpolation. */
const A = -0.75;
/** DINO adds this to the grid's size before it divides, against rounding; it shifts the sampling. */
const OFFSET = 0.1;

/**
 * Resamples the position embeddings of a trained square grid for `rows × columns` patches.
 *
 * Bicubic, half-pixel centers, border clamped; source coordinates are `(i + ½) · side / (n + 0.1) − ½`,
 * not `side / n` (DINO, `interpolate_pos_encoding`). The trained grid itself is returned unchanged.
 *
 * @param trained `[side · side, width]`, row-major, without the class token
 * @returns `[rows · columns, width]`
 */
export function resizePositions(
  trained: Float32Array,
  side: number,
  width: number,
  rows: number,
  columns: number,
): Float32Array<ArrayBuffer> {
  if (rows === side && columns === side) return Float32Array.from(trained);
  const resized = new Float32Array(rows * columns * width);
  const across = Array.from({ length: columns }, (_, x) => taps(x, side, columns));
  for (let y = 0; y < rows; y++) {
    const down = taps(y, side, rows);
    for (let x = 0; x < columns; x++) {
      const sums = new Float64Array(width);
      for (const [row, rowWeight] of down) {
        for (const [column, columnWeight] of across[x]) {
          const weight = rowWeight * columnWeight;
          const from = (row * side + column) * width;
          for (let c = 0; c < width; c++) sums[c] += weight * trained[from + c];
        }
      }
      resized.set(sums, (y * columns + x) * width);
    }
  }
  return resized;
}

function taps(index: number, side: number, size: number): [number, number][] {
  const source = (index + 0.5) * side / (size + OFFSET) - 0.5;
  const first = Math.floor(source);
  const t = source - first;
  return [near(t + 1, true), near(t), near(1 - t), near(2 - t, true)].map((
    weight,
    i,
  ) => [Math.min(Math.max(first - 1 + i, 0), side - 1), weight]);
}

function near(d: number, outer = false): number {
  return outer ? ((A * d - 5 * A) * d + 8 * A) * d - 4 * A : ((A + 2) * d - (A + 3)) * d * d + 1;
}
