import { encode } from "fast-png";
import type { FitGeometry } from "../config/fit.ts";

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
  readonly kind: "sound" | "speech";
}

const COLOURS = { sound: [255, 96, 32], speech: [48, 144, 255] } as const;
const WHITE = [255, 255, 255] as const;

/**
 * Draws a frame in the source picture's proportions, its heat map over it (sound in orange, speech in blue), the box and the
 * peak.
 *
 * @param height pixels of the picture; its width follows from the source's.
 * @returns a PNG file (RFC 2083).
 */
export function drawHeatMap(picture: HeatMapPicture, height = 360): Uint8Array {
  const { fit, frame, frameWidth, frameHeight, heatMap, gridWidth, gridHeight } = picture;
  const width = Math.round(height * fit.sourceWidth / fit.sourceHeight);
  const highest = heatMap.reduce((top, value) => Math.max(top, value), 0) || 1;
  const colour = COLOURS[picture.kind];
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const u = (x + 0.5) / width * fit.scaleX + fit.offsetX;
      const v = (y + 0.5) / height * fit.scaleY + fit.offsetY;
      const heat = sample(heatMap, gridWidth, gridHeight, 1, u, v, 0) / highest;
      for (let c = 0; c < 3; c++) {
        const below = sample(frame, frameWidth, frameHeight, 3, u, v, c);
        data[(y * width + x) * 3 + c] = below * (1 - 0.7 * heat) + colour[c] * 0.7 * heat;
      }
    }
  }
  const canvas = { width, height, data };
  const [x1, y1, x2, y2] = picture.box;
  frameRectangle(canvas, x1 * width, y1 * height, x2 * width, y2 * height, 2, colour);
  const [px, py] = [picture.peak[0] * width, picture.peak[1] * height];
  frameRectangle(canvas, px - 4, py - 4, px + 4, py + 4, 2, WHITE);
  return encode({ width, height, data, channels: 3, depth: 8 });
}

/** Bilinear sample at (u, v) in 0..1, pixel centres aligned, edges repeated. */
function sample(
  values: Uint8Array | Float32Array,
  width: number,
  height: number,
  channels: number,
  u: number,
  v: number,
  channel: number,
): number {
  const x = Math.min(width - 1, Math.max(0, u * width - 0.5));
  const y = Math.min(height - 1, Math.max(0, v * height - 0.5));
  const [x0, y0] = [Math.floor(x), Math.floor(y)];
  const [x1, y1] = [Math.min(x0 + 1, width - 1), Math.min(y0 + 1, height - 1)];
  const at = (column: number, row: number) => values[(row * width + column) * channels + channel];
  const upper = at(x0, y0) * (1 - x + x0) + at(x1, y0) * (x - x0);
  const lower = at(x0, y1) * (1 - x + x0) + at(x1, y1) * (x - x0);
  return upper * (1 - y + y0) + lower * (y - y0);
}

interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

function frameRectangle(
  canvas: Canvas,
  left: number,
  top: number,
  right: number,
  bottom: number,
  line: number,
  colour: readonly [number, number, number],
): void {
  const within = (value: number, size: number) => Math.min(size, Math.max(0, Math.round(value)));
  const [x1, x2] = [within(left, canvas.width), within(right, canvas.width)];
  const [y1, y2] = [within(top, canvas.height), within(bottom, canvas.height)];
  for (let y = y1; y < y2; y++) {
    for (let x = x1; x < x2; x++) {
      const edge = Math.min(x - x1, x2 - 1 - x, y - y1, y2 - 1 - y);
      if (edge < line) canvas.data.set(colour, (y * canvas.width + x) * 3);
    }
  }
}
