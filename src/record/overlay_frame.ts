import type { FitGeometry } from "../core/fit_geometry.ts";
import { type Color, HEAD_COLORS } from "../core/head_colors.ts";
import type { HeadKind } from "../core/head_kind.ts";
import { gridTaps, SQUARE, type Taps } from "./grid_taps.ts";

/** RGB pixels that are drawn into, `[height, width, 3]`; only the first `height` rows of `data` are used. */
export interface Canvas {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** A small picture with transparency, `[height, width, 4]`. */
export interface Sprite {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Share of a head's color where its map and its score are highest. */
const STRENGTH = 0.65;
/** Weaker color is not drawn, 0..1. */
const LEAST = 0.02;

/** Blends the maps of all heads over pictures of one size. */
export class HeatBlender {
  readonly #colors: readonly Color[];
  readonly #columns: Taps;
  readonly #rows: Taps;
  readonly #cells: number;
  readonly #gridWidth: number;

  constructor(
    kinds: readonly HeadKind[],
    grid: { readonly width: number; readonly height: number },
    fit: FitGeometry,
    size: { readonly width: number; readonly height: number },
  ) {
    this.#colors = kinds.map((kind) => HEAD_COLORS[kind]);
    this.#columns = gridTaps(size.width, grid.width, fit.scaleX, fit.offsetX);
    this.#rows = gridTaps(size.height, grid.height, fit.scaleY, fit.offsetY);
    this.#cells = grid.width * grid.height;
    this.#gridWidth = grid.width;
  }

  /** @param heat `[K, h, w]`, 0..255. */
  blend({ data, width, height }: Canvas, heat: Uint8Array): void {
    this.#colors.forEach(([red, green, blue], k) => {
      const map = heat.subarray(k * this.#cells, (k + 1) * this.#cells);
      if (map.every((value) => value / 255 < LEAST)) return;
      const { first: left, second: right, weight: across } = this.#columns;
      const { first: top, second: bottom, weight: down } = this.#rows;
      for (let row = 0; row < top.length; row++) {
        const above = top[row] * this.#gridWidth;
        const below = bottom[row] * this.#gridWidth;
        const v = down[row];
        for (let column = 0; column < left.length; column++) {
          const u = across[column];
          const upper = map[above + left[column]] * (1 - u) + map[above + right[column]] * u;
          const lower = map[below + left[column]] * (1 - u) + map[below + right[column]] * u;
          const share = (upper * (1 - v) + lower * v) / 255;
          if (share < LEAST) continue;
          const alpha = share * STRENGTH;
          const kept = 1 - alpha;
          const [r, g, b] = [red * alpha, green * alpha, blue * alpha];
          const endY = Math.min(height, (row + 1) * SQUARE);
          const endX = Math.min(width, (column + 1) * SQUARE);
          for (let y = row * SQUARE; y < endY; y++) {
            let i = (y * width + column * SQUARE) * 3;
            for (let x = column * SQUARE; x < endX; x++, i += 3) {
              data[i] = data[i] * kept + r;
              data[i + 1] = data[i + 1] * kept + g;
              data[i + 2] = data[i + 2] * kept + b;
            }
          }
        }
      }
    });
  }
}

/** Draws a box in the color of a kind, with a dark line around it. */
export function drawBox(
  canvas: Canvas,
  kind: HeadKind,
  [x1, y1, x2, y2]: readonly [number, number, number, number],
): void {
  const { width, height } = canvas;
  const line = Math.max(2, Math.round(Math.max(width, height) / 320));
  const left = Math.round(x1 * width);
  const top = Math.round(y1 * height);
  const right = Math.max(left + 2 * line, Math.round(x2 * width));
  const bottom = Math.max(top + 2 * line, Math.round(y2 * height));
  frame(canvas, [0, 0, 0], left - 1, top - 1, right + 1, bottom + 1, line + 2);
  frame(canvas, HEAD_COLORS[kind], left, top, right, bottom, line);
}

/** Draws the ring of a peak. */
export function drawPeak(canvas: Canvas, [x, y]: readonly [number, number]): void {
  const { width, height } = canvas;
  const radius = Math.max(4, Math.max(width, height) / 110);
  const [cx, cy] = [x * width, y * height];
  for (let py = Math.floor(cy - radius - 2); py <= cy + radius + 2; py++) {
    for (let px = Math.floor(cx - radius - 2); px <= cx + radius + 2; px++) {
      const off = Math.abs(Math.hypot(px + 0.5 - cx, py + 0.5 - cy) - radius);
      if (off < 1.2) fill(canvas, [255, 255, 255], px, py, px + 1, py + 1);
      else if (off < 2.2) fill(canvas, [0, 0, 0], px, py, px + 1, py + 1);
    }
  }
}

/** Draws a sprite with its top left corner at `left`, `top`, moved so that it is inside the canvas. */
export function drawSprite(canvas: Canvas, sprite: Sprite, left: number, top: number): void {
  const x0 = Math.max(0, Math.min(Math.round(left), canvas.width - sprite.width));
  const y0 = Math.max(0, Math.min(Math.round(top), canvas.height - sprite.height));
  const wide = Math.min(sprite.width, canvas.width);
  for (let y = 0; y < Math.min(sprite.height, canvas.height); y++) {
    for (let x = 0; x < wide; x++) {
      const from = (y * sprite.width + x) * 4;
      const to = ((y0 + y) * canvas.width + x0 + x) * 3;
      const alpha = sprite.data[from + 3] / 255;
      for (let c = 0; c < 3; c++) {
        canvas.data[to + c] = canvas.data[to + c] * (1 - alpha) + sprite.data[from + c] * alpha;
      }
    }
  }
}

/** Fills a rectangle; the part outside the canvas is left out. */
export function fill(
  { data, width, height }: Canvas,
  [red, green, blue]: Color,
  left: number,
  top: number,
  right: number,
  bottom: number,
): void {
  for (let y = Math.max(0, top); y < Math.min(height, bottom); y++) {
    for (let x = Math.max(0, left); x < Math.min(width, right); x++) {
      const i = (y * width + x) * 3;
      data[i] = red;
      data[i + 1] = green;
      data[i + 2] = blue;
    }
  }
}

function frame(
  canvas: Canvas,
  color: Color,
  left: number,
  top: number,
  right: number,
  bottom: number,
  line: number,
): void {
  fill(canvas, color, left, top, right, top + line);
  fill(canvas, color, left, bottom - line, right, bottom);
  fill(canvas, color, left, top, left + line, bottom);
  fill(canvas, color, right - line, top, right, bottom);
}
