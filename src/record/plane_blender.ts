import type { FitGeometry } from "../core/fit_geometry.ts";
import type { Size } from "../core/resize_bilinear.ts";
import { gridTaps, SQUARE, type Taps } from "./grid_taps.ts";

/** Chooses color and opacity from the values of all planes at a place: writes red, green, blue (0..255) and opacity (0..1). */
export type Shade = (values: Float32Array, into: Float32Array) => void;

/** Blends interpolated planes of values over pictures of one size. */
export class PlaneBlender {
  readonly #columns: Taps;
  readonly #rows: Taps;
  readonly #grid: Size;
  readonly #size: Size;

  constructor(grid: Size, fit: FitGeometry, size: Size) {
    this.#grid = grid;
    this.#size = size;
    this.#columns = gridTaps(size.width, grid.width, fit.scaleX, fit.offsetX);
    this.#rows = gridTaps(size.height, grid.height, fit.scaleY, fit.offsetY);
  }

  /**
   * @param data RGB pixels `[height, width, 3]`
   * @param planes `[n, h, w]`
   */
  blend(data: Uint8Array, planes: Float32Array, shade: Shade): void {
    const { width, height } = this.#size;
    const cells = this.#grid.width * this.#grid.height;
    const values = new Float32Array(planes.length / cells);
    const shaded = new Float32Array(4);
    const { first: left, second: right, weight: across } = this.#columns;
    const { first: top, second: bottom, weight: down } = this.#rows;
    for (let row = 0; row < top.length; row++) {
      const above = top[row] * this.#grid.width;
      const below = bottom[row] * this.#grid.width;
      const v = down[row];
      for (let column = 0; column < left.length; column++) {
        const u = across[column];
        for (let p = 0; p < values.length; p++) {
          const at = p * cells;
          const upper = planes[at + above + left[column]] * (1 - u) +
            planes[at + above + right[column]] * u;
          const lower = planes[at + below + left[column]] * (1 - u) +
            planes[at + below + right[column]] * u;
          values[p] = upper * (1 - v) + lower * v;
        }
        shade(values, shaded);
        const [red, green, blue, opacity] = shaded;
        if (opacity <= 0) continue;
        const endY = Math.min(height, (row + 1) * SQUARE);
        const endX = Math.min(width, (column + 1) * SQUARE);
        for (let y = row * SQUARE; y < endY; y++) {
          let i = (y * width + column * SQUARE) * 3;
          for (let x = column * SQUARE; x < endX; x++, i += 3) {
            data[i] += (red - data[i]) * opacity;
            data[i + 1] += (green - data[i + 1]) * opacity;
            data[i + 2] += (blue - data[i + 2]) * opacity;
          }
        }
      }
    }
  }
}
