import type { HeadKind } from "../core/head_kind.ts";
import { encode } from "fast-png";
import type { FitGeometry } from "../core/fit_geometry.ts";

/** What a heat map picture shows. */
export interface HeatMapPicture {
  /** RGB, `[H, W, 3]`, as the model sees it. */
  readonly frame: Uint8Array;
  readonly frameWidth: number;
  readonly frameHeight: number;
  /** `[h, w]`, not negative. */
  readonly heatMap: Float32Array;
  readonly gridWidth: number;
  readonly gridHeight: number;
  readonly fit: FitGeometry;
  /** x1, y1, x2, y2 in 0..1 of the source picture. */
  readonly box: readonly [number, number, number, number];
  readonly peak: readonly [number, number];
  readonly kind: HeadKind;
}

type Colour = readonly [number, number, number];

const COLOURS = { sound: [255, 96, 32], speech: [48, 144, 255] } as const;
const WHITE = [255, 255, 255] as const;
/** Share of the kind's colour where the heat is highest. */
const STRENGTH = 0.7;

/**
 * Draws a frame in the source picture's proportions, its heat map over it (sound in orange, speech in blue), the box and the
 * peak. What the model does not see of the source picture is black.
 *
 * @param height pixels of the picture; its width follows from the source's.
 * @returns a PNG file (RFC 2083).
 */
export function drawHeatMap(picture: HeatMapPicture, height = 360): Uint8Array {
  const { fit, frame, frameWidth, frameHeight, heatMap, gridWidth, gridHeight } = picture;
  const width = Math.round(height * fit.sourceWidth / fit.sourceHeight);
  const highest = heatMap.reduce((top, value) => Math.max(top, value), 0) || 1;
  const colour = COLOURS[picture.kind];
  const canvas = { width, height, data: new Uint8Array(width * height * 3) };
  const across = (size: number) => taps(width, size, fit.scaleX, fit.offsetX);
  const down = (size: number) => taps(height, size, fit.scaleY, fit.offsetY);
  const [frameX, frameY] = [across(frameWidth), down(frameHeight)];
  const [heatX, heatY] = [across(gridWidth), down(gridHeight)];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!frameX.seen[x] || !frameY.seen[y]) continue;
      const heat = STRENGTH * blend(heatMap, gridWidth, 1, 0, heatX, x, heatY, y) / highest;
      for (let c = 0; c < 3; c++) {
        const below = blend(frame, frameWidth, 3, c, frameX, x, frameY, y);
        canvas.data[(y * width + x) * 3 + c] = below * (1 - heat) + colour[c] * heat;
      }
    }
  }
  const [x1, y1, x2, y2] = picture.box;
  frameRectangle(canvas, x1 * width, y1 * height, x2 * width, y2 * height, colour);
  const [px, py] = [picture.peak[0] * width, picture.peak[1] * height];
  frameRectangle(canvas, px - 4, py - 4, px + 4, py + 4, WHITE);
  return encode({ ...canvas, channels: 3, depth: 8 });
}

/** For each pixel along one axis: the two samples it lies between and the second one's share. */
interface Taps {
  readonly low: Int32Array;
  readonly high: Int32Array;
  readonly share: Float32Array;
  /** 0 where the model's picture does not reach. */
  readonly seen: Uint8Array;
}

/** Bilinear, pixel centres aligned, edges repeated; `model = scale · source + offset`. */
function taps(pixels: number, samples: number, scale: number, offset: number): Taps {
  const result = {
    low: new Int32Array(pixels),
    high: new Int32Array(pixels),
    share: new Float32Array(pixels),
    seen: new Uint8Array(pixels),
  };
  for (let i = 0; i < pixels; i++) {
    const model = (i + 0.5) / pixels * scale + offset;
    const at = Math.min(samples - 1, Math.max(0, model * samples - 0.5));
    result.low[i] = Math.floor(at);
    result.high[i] = Math.min(result.low[i] + 1, samples - 1);
    result.share[i] = at - result.low[i];
    result.seen[i] = Number(model >= 0 && model <= 1);
  }
  return result;
}

function blend(
  values: Uint8Array | Float32Array,
  width: number,
  channels: number,
  channel: number,
  across: Taps,
  x: number,
  down: Taps,
  y: number,
): number {
  const upper = down.low[y] * width;
  const lower = down.high[y] * width;
  const left = across.low[x];
  const right = across.high[x];
  const share = across.share[x];
  const above = values[(upper + left) * channels + channel] * (1 - share) +
    values[(upper + right) * channels + channel] * share;
  const below = values[(lower + left) * channels + channel] * (1 - share) +
    values[(lower + right) * channels + channel] * share;
  return above * (1 - down.share[y]) + below * down.share[y];
}

interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

const LINE = 2;

function frameRectangle(
  { width, height, data }: Canvas,
  left: number,
  top: number,
  right: number,
  bottom: number,
  colour: Colour,
): void {
  const within = (value: number, size: number) => Math.min(size, Math.max(0, Math.round(value)));
  const [x1, x2] = [within(left, width), within(right, width)];
  const [y1, y2] = [within(top, height), within(bottom, height)];
  for (let y = y1; y < y2; y++) {
    for (let x = x1; x < x2; x++) {
      const edge = Math.min(x - x1, x2 - 1 - x, y - y1, y2 - 1 - y);
      if (edge < LINE) data.set(colour, (y * width + x) * 3);
    }
  }
}
