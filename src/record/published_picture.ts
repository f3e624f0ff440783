import type { Buffer } from "node:buffer";
import sharp from "sharp";
import { drawEventPicture, type EventPicture } from "./event_picture.ts";
import { type ModelFrame, shapedFrame } from "./shaped_frame.ts";

/** A picture as a file. */
export interface PictureFile {
  readonly data: Uint8Array;
  /** MIME type. */
  readonly contentType: string;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
}

/** An event to draw for a network. */
export interface PublishedPicture extends Omit<EventPicture, "picture"> {
  /** The camera's picture, a JPEG file, or a frame as the model gets it. */
  readonly picture: Uint8Array | ModelFrame;
}

/** Largest picture file in bytes, so that brokers and small clients can take every picture. */
const MOST_BYTES = 256_000;
/** Longest sides to try after the picture's own, largest first, pixels. */
const SIZES = [1280, 960, 640, 480, 320];
/** JPEG qualities to try at each size, best first. */
const QUALITIES = [75, 50];

// No operation is repeated with the same input.
sharp.cache(false);

/**
 * Draws an event over the camera's picture at its resolution, see {@linkcode drawEventPicture}. The work is done by libvips in
 * other threads.
 *
 * @returns a JPEG file of at most 256 kB; a picture that needs more is compressed more, then reduced.
 */
export async function drawPublishedPicture(
  { picture, ...event }: PublishedPicture,
): Promise<PictureFile> {
  const shaped = picture instanceof Uint8Array ? picture : await shapedFrame(picture, event.fit);
  return await limited(await drawEventPicture({ picture: shaped, ...event }));
}

async function limited(drawn: Buffer): Promise<PictureFile> {
  const { width, height } = await sharp(drawn).metadata();
  const contentType = "image/jpeg";
  if (drawn.length <= MOST_BYTES) return { data: drawn, contentType, width, height };
  const longest = Math.max(width, height);
  for (const size of [longest, ...SIZES.filter((size) => size < longest)]) {
    for (const quality of QUALITIES) {
      const { data, info } = await sharp(drawn)
        .resize({ width: size, height: size, fit: "inside" })
        .jpeg({ quality }).toBuffer({ resolveWithObject: true });
      if (data.length > MOST_BYTES) continue;
      return { data, contentType, width: info.width, height: info.height };
    }
  }
  throw new Error(`the picture does not fit into ${MOST_BYTES} bytes`);
}
