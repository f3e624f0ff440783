import sharp from "sharp";
import type { FitGeometry } from "../core/fit_geometry.ts";
import type { RawPicture } from "./event_picture.ts";

/** A picture as the model gets it: RGB, `[height, width, 3]`. Must not change while it is read. */
export interface ModelFrame {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Longest side of the result, pixels. */
const LONGEST = 640;

/**
 * The model's picture in the proportions of the source picture, 640 pixels wide or high. Parts of the source picture that the
 * model does not see are black.
 */
export async function shapedFrame(frame: ModelFrame, fit: FitGeometry): Promise<RawPicture> {
  const { sourceWidth, sourceHeight } = fit;
  const scale = LONGEST / Math.max(sourceWidth, sourceHeight);
  const width = Math.max(1, Math.round(sourceWidth * scale));
  const height = Math.max(1, Math.round(sourceHeight * scale));
  const x = spanOf(width, fit.scaleX, fit.offsetX);
  const y = spanOf(height, fit.scaleY, fit.offsetY);
  const across = within(x, frame.width);
  const down = within(y, frame.height);
  const { width: frameWidth, height: frameHeight } = frame;
  const data = await sharp(frame.data, {
    raw: { width: frameWidth, height: frameHeight, channels: 3 },
  })
    .extract({ left: across.start, top: down.start, width: across.length, height: down.length })
    .resize(x.length, y.length, { fit: "fill", kernel: "linear" })
    .extend({
      left: x.start,
      right: width - x.start - x.length,
      top: y.start,
      bottom: height - y.start - y.length,
      background: "black",
    })
    .raw().toBuffer();
  return { data, width, height };
}

/** The part of one axis where the model sees something. */
interface Span {
  /** Pixels of the result. */
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

/** A span in whole pixels of a picture `size` pixels wide, at least one. */
function within({ from, to }: Span, size: number): { start: number; length: number } {
  const start = Math.min(size - 1, Math.round(from * size));
  return { start, length: Math.max(1, Math.min(size, Math.round(to * size)) - start) };
}
