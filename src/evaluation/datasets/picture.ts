import sharp from "sharp";
import { unreadable } from "../evaluation_error.ts";
import type { Size } from "../../core/resize_bilinear.ts";

/** RGB, rows top to bottom, `height × width × 3` bytes. */
export interface Picture extends Size {
  readonly data: Uint8Array;
}

/**
 * Decodes a PNG, JPEG, WebP, TIFF or GIF file to 8-bit sRGB, transparency on black.
 *
 * @throws {EvaluationError} when the file is missing or not a picture.
 */
export async function readPicture(file: string): Promise<Picture> {
  try {
    const { data, info } = await sharp(file).toColourspace("srgb").flatten()
      .raw().toBuffer({ resolveWithObject: true });
    if (info.channels !== 3) throw new Error(`it has ${info.channels} channels`);
    return { width: info.width, height: info.height, data: new Uint8Array(data) };
  } catch (cause) {
    throw unreadable(file, "picture", cause);
  }
}

/** One byte per pixel: 1 where a mask picture is brighter than half. */
export async function readMask(file: string): Promise<Picture> {
  const { width, height, data } = await readPicture(file);
  const mask = Uint8Array.from({ length: width * height }, (_, i) => data[3 * i] > 127 ? 1 : 0);
  return { width, height, data: mask };
}

/**
 * Resizes by the nearest pixel: the one whose area contains the new pixel's center.
 *
 * @param data `[from.height, from.width]`, one value per pixel
 */
export function resizeNearest<T extends Uint8Array | Uint16Array>(
  data: T,
  from: Size,
  to: Size,
): T {
  const out = data.slice(0, 0).constructor as new (length: number) => T;
  const resized = new out(to.width * to.height);
  for (let y = 0; y < to.height; y++) {
    const row = Math.floor((y + 0.5) * from.height / to.height) * from.width;
    for (let x = 0; x < to.width; x++) {
      resized[y * to.width + x] = data[row + Math.floor((x + 0.5) * from.width / to.width)];
    }
  }
  return resized;
}
