import { Buffer } from "node:buffer";
import sharp from "sharp";
import type { FitGeometry } from "../core/fit_geometry.ts";
import { HEAD_COLORS } from "../core/head_colors.ts";
import type { HeadKind } from "../core/head_kind.ts";

/** What a heat map picture shows. */
export interface HeatMapPicture {
  /** RGB, `[H, W, 3]`, as the model sees it. Must not change while the picture is drawn. */
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

/** A picture as a file. */
export interface PictureFile {
  readonly data: Uint8Array;
  /** MIME type. */
  readonly contentType: string;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
}

/** Share of the kind's color where the heat is highest. */
const STRENGTH = 0.7;
/** Longest sides to try, largest first, in pixels. */
const SIZES = [640, 480, 320, 160];
/** JPEG qualities to try at each size, best first. */
const QUALITIES = [85, 70, 50];
/** Largest picture file in bytes, so that brokers and small clients can take every picture. */
const MOST_BYTES = 64_000;
/** Width of the box's lines and radius of the peak's ring, in pixels of a picture of 640 pixels. */
const LINE = 3;
const RING = 7;

// No operation is repeated with the same input.
sharp.cache(false);

/**
 * Draws a frame in the proportions of the source picture, its heat map over it (sound in orange, speech in blue), the box and
 * the peak. Parts of the source picture that the model does not see are black. The work is done by libvips in other threads.
 *
 * @returns a JPEG file of at most 640 × 640 pixels and 64 kB.
 */
export async function drawHeatMap(picture: HeatMapPicture): Promise<PictureFile> {
  for (const size of SIZES) {
    const canvas = canvasOf(picture.fit, size);
    const pixels = await draw(picture, canvas);
    for (const quality of QUALITIES) {
      const data = await sharp(pixels, { raw: { ...canvas, channels: 3 } }).jpeg({
        quality,
        chromaSubsampling: "4:4:4",
      })
        .toBuffer();
      if (data.length <= MOST_BYTES) return { data, contentType: "image/jpeg", ...canvas };
    }
  }
  throw new Error(`the picture does not fit into ${MOST_BYTES} bytes`);
}

interface Size {
  readonly width: number;
  readonly height: number;
}

function canvasOf({ sourceWidth, sourceHeight }: FitGeometry, longest: number): Size {
  const scale = longest / Math.max(sourceWidth, sourceHeight);
  return {
    width: Math.max(1, Math.round(sourceWidth * scale)),
    height: Math.max(1, Math.round(sourceHeight * scale)),
  };
}

/** RGB pixels of the canvas. */
async function draw(picture: HeatMapPicture, canvas: Size): Promise<Buffer> {
  const { fit, frame, frameWidth, frameHeight } = picture;
  const x = spanOf(canvas.width, fit.scaleX, fit.offsetX);
  const y = spanOf(canvas.height, fit.scaleY, fit.offsetY);
  const across = within(x, frameWidth);
  const down = within(y, frameHeight);
  return await sharp(frame, { raw: { width: frameWidth, height: frameHeight, channels: 3 } })
    .extract({ left: across.start, top: down.start, width: across.length, height: down.length })
    .resize(x.length, y.length, { fit: "fill", kernel: "linear" })
    .extend({
      left: x.start,
      right: canvas.width - x.start - x.length,
      top: y.start,
      bottom: canvas.height - y.start - y.length,
      background: "black",
    })
    .composite([
      {
        input: await heatOverlay(picture, x, y),
        raw: { width: x.length, height: y.length, channels: 4 },
        left: x.start,
        top: y.start,
      },
      { input: Buffer.from(markup(picture, canvas)), left: 0, top: 0 },
    ])
    .removeAlpha().raw().toBuffer();
}

/** The part of one axis where the model sees something. */
interface Span {
  /** Pixels of the canvas. */
  readonly start: number;
  readonly length: number;
  /** The same part in 0..1 of the model's picture. */
  readonly from: number;
  readonly to: number;
}

function spanOf(pixels: number, scale: number, offset: number): Span {
  const first = Math.max(0, -offset / scale);
  const last = Math.min(1, (1 - offset) / scale);
  const start = Math.min(pixels - 1, Math.round(first * pixels));
  const length = Math.max(1, Math.round(last * pixels) - start);
  return { start, length, from: first * scale + offset, to: last * scale + offset };
}

/** A span in whole samples of a picture `size` samples wide, at least one. */
function within({ from, to }: Span, size: number): { start: number; length: number } {
  const start = Math.min(size - 1, Math.round(from * size));
  return { start, length: Math.max(1, Math.min(size, Math.round(to * size)) - start) };
}

/** Length of the model's whole picture where a span of it has its length; a span of almost no height is possible. */
function wholeLength({ length, from, to }: Span): number {
  return Math.max(length, Math.round(length / Math.max(0.001, to - from)));
}

/** The kind's color, as opaque as the heat map is high: RGBA pixels of the spans. */
async function heatOverlay(picture: HeatMapPicture, x: Span, y: Span): Promise<Buffer> {
  const { heatMap, gridWidth, gridHeight, kind } = picture;
  const highest = heatMap.reduce((most, value) => Math.max(most, value), 0) || 1;
  const cells = new Uint8Array(heatMap.length * 4);
  heatMap.forEach((value, i) => {
    cells.set(HEAD_COLORS[kind], i * 4);
    cells[i * 4 + 3] = Math.round(255 * STRENGTH * value / highest);
  });
  // The whole grid at the canvas's scale, of which the spans are a part: their edges are not edges of cells.
  const width = wholeLength(x);
  const height = wholeLength(y);
  return await sharp(cells, { raw: { width: gridWidth, height: gridHeight, channels: 4 } })
    .resize(width, height, { fit: "fill", kernel: "linear" })
    .extract({
      left: Math.min(width - x.length, Math.round(x.from * width)),
      top: Math.min(height - y.length, Math.round(y.from * height)),
      width: x.length,
      height: y.length,
    })
    .raw().toBuffer();
}

/** The box and the peak as SVG. */
function markup({ box, peak, kind }: HeatMapPicture, { width, height }: Size): string {
  const scale = Math.max(width, height) / SIZES[0];
  const line = LINE * scale;
  // Lines are inside the box, so that none is cut off at the picture's edge.
  const left = box[0] * width + line / 2;
  const top = box[1] * height + line / 2;
  const boxWidth = Math.max(0, (box[2] - box[0]) * width - line);
  const boxHeight = Math.max(0, (box[3] - box[1]) * height - line);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" fill="none">` +
    `<rect x="${left}" y="${top}" width="${boxWidth}" height="${boxHeight}" ` +
    `stroke="rgb(${HEAD_COLORS[kind]})" stroke-width="${line}"/>` +
    `<circle cx="${peak[0] * width}" cy="${peak[1] * height}" r="${RING * scale}" ` +
    `stroke="white" stroke-width="${line}"/></svg>`;
}
