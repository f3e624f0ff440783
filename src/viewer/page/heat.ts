import type { HeadKind } from "../../core/head_kind.ts";
import { HEAD_COLORS } from "../../core/head_colors.ts";
import type { Description } from "../../telemetry/topics.ts";

/** Cells that a map cell is divided into before it is drawn, so that its blobs are round. */
const UPSAMPLING = 6;
/** Share of the map's peak below which nothing is drawn. */
const FLOOR = 0.25;
/** How strongly a head is drawn at score 0. */
const FAINTEST = 0.12;

/** One head's map to draw. */
export interface HeatLayer {
  readonly kind: HeadKind;
  /** `[h, w]`, similarity. */
  readonly map: Float32Array;
  readonly score: number;
}

/** Draws similarity maps into canvases; keeps its buffers between frames. */
export class HeatPainter {
  readonly #buffer = document.createElement("canvas");
  #image: ImageData | undefined;

  /**
   * Draws one head over what is there.
   *
   * @param opacity at the peak of a head whose score is 1, 0..1.
   */
  draw(
    target: CanvasRenderingContext2D,
    { kind, map, score }: HeatLayer,
    { grid, fit }: Description,
    opacity: number,
  ): void {
    const [width, height] = [grid.width * UPSAMPLING, grid.height * UPSAMPLING];
    const highest = peakInPicture(map, grid, fit);
    if (!(highest > 0)) return;
    if (this.#image?.width !== width || this.#image.height !== height) {
      this.#buffer.width = width;
      this.#buffer.height = height;
      this.#image = new ImageData(width, height);
    }
    const strength = 255 * opacity * (FAINTEST + (1 - FAINTEST) * score);
    const { data } = this.#image;
    const [red, green, blue] = HEAD_COLORS[kind];
    for (let y = 0, i = 0; y < height; y++) {
      const row = taps((y + 0.5) / UPSAMPLING - 0.5, grid.height);
      for (let x = 0; x < width; x++, i += 4) {
        const column = taps((x + 0.5) / UPSAMPLING - 0.5, grid.width);
        const value = mixed(map, grid.width, row, column) / highest;
        const above = Math.min(1, Math.max(0, (value - FLOOR) / (1 - FLOOR)));
        data[i] = red;
        data[i + 1] = green;
        data[i + 2] = blue;
        data[i + 3] = strength * above * above * (3 - 2 * above);
      }
    }
    this.#buffer.getContext("2d")!.putImageData(this.#image, 0, 0);
    target.imageSmoothingEnabled = true;
    target.imageSmoothingQuality = "high";
    // The part of the model's picture that shows the source picture.
    target.drawImage(
      this.#buffer,
      fit.offsetX * width,
      fit.offsetY * height,
      fit.scaleX * width,
      fit.scaleY * height,
      0,
      0,
      target.canvas.width,
      target.canvas.height,
    );
  }
}

type Taps = readonly [low: number, high: number, share: number];

/** The two cells that a position is between, and the share of the second; smooth, so that cells do not show. */
function taps(at: number, cells: number): Taps {
  const inside = Math.min(cells - 1, Math.max(0, at));
  const low = Math.floor(inside);
  const share = inside - low;
  return [low, Math.min(low + 1, cells - 1), share * share * (3 - 2 * share)];
}

function mixed(map: Float32Array, width: number, [top, bottom, down]: Taps, across: Taps): number {
  const [left, right, share] = across;
  const upper = map[top * width + left] * (1 - share) + map[top * width + right] * share;
  const lower = map[bottom * width + left] * (1 - share) + map[bottom * width + right] * share;
  return upper * (1 - down) + lower * down;
}

/** The highest value of the cells whose center is inside the source picture. */
function peakInPicture(
  map: Float32Array,
  grid: Description["grid"],
  fit: Description["fit"],
): number {
  let highest = 0;
  for (let i = 0; i < map.length; i++) {
    const x = ((i % grid.width + 0.5) / grid.width - fit.offsetX) / fit.scaleX;
    const y = ((Math.floor(i / grid.width) + 0.5) / grid.height - fit.offsetY) / fit.scaleY;
    if (x >= 0 && x <= 1 && y >= 0 && y <= 1) highest = Math.max(highest, map[i]);
  }
  return highest;
}
