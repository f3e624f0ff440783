/** Maps are interpolated for squares of so many pixels. */
export const SQUARE = 2;

/** For each square of pixels along one side of a picture, the cells of a grid that its value is interpolated from. */
export interface Taps {
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly weight: Float32Array;
}

/** The two nearest cells of each square, and the share of the second one; `scale` and `offset` as in `FitGeometry`. */
export function gridTaps(pixels: number, cells: number, scale: number, offset: number): Taps {
  const count = Math.ceil(pixels / SQUARE);
  const first = new Int32Array(count);
  const second = new Int32Array(count);
  const weight = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const source = Math.min(1, (i + 0.5) * SQUARE / pixels);
    const center = Math.max(0, Math.min(cells - 1, (source * scale + offset) * cells - 0.5));
    first[i] = Math.min(cells - 1, Math.floor(center));
    second[i] = Math.min(cells - 1, first[i] + 1);
    weight[i] = center - first[i];
  }
  return { first, second, weight };
}
