import type { AudioFeatures, ImageFeatures } from "../encoders.ts";

/** A part of a picture, 0..1 of its width and height. */
export type Part = readonly [x1: number, y1: number, x2: number, y2: number];

/**
 * The mean direction of the patches inside a part of each picture.
 *
 * @param pictures features of one picture each
 * @returns `[C]`, of length 1
 */
export function lookOf(pictures: readonly ImageFeatures[], part: Part): Float32Array {
  const sum = new Float32Array(pictures[0].dims[1]);
  for (const { features, dims: [, channels, height, width] } of pictures) {
    const cells = height * width;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const inside = (x + 1) / width > part[0] && x / width < part[2] &&
          (y + 1) / height > part[1] && y / height < part[3];
        if (!inside) continue;
        const patch = unit(
          Float32Array.from({ length: channels }, (_, c) => features[c * cells + y * width + x]),
        );
        patch.forEach((value, c) => sum[c] += value);
      }
    }
  }
  return unit(sum);
}

/**
 * The mean direction of what is heard in recordings, in one head's channels. Steps count by their length: the gates make
 * silence short.
 *
 * @param recordings features of one recording each
 * @returns `[C / K]`, of length 1
 */
export function codeOf(
  recordings: readonly AudioFeatures[],
  head: number,
  heads: number,
): Float32Array {
  const size = recordings[0].dims[1] / heads;
  const sum = new Float32Array(size);
  for (const { features, dims: [, , steps] } of recordings) {
    const mean = new Float32Array(size);
    for (let c = 0; c < size; c++) {
      const row = (head * size + c) * steps;
      for (let t = 0; t < steps; t++) mean[c] += features[row + t];
    }
    unit(mean).forEach((value, c) => sum[c] += value);
  }
  return unit(sum);
}

/** Share of the model's usual code length that a thing's code gets; chosen on photographs, see docs/models.md. */
const CODE_SHARE = 0.5;
const LEAST_CODE_LENGTH = 1;

/**
 * The length that a thing's code gets where the thing is seen: half the usual length of a head's codes in the pictures, at
 * least 1.
 */
export function codeLength(
  pictures: readonly ImageFeatures[],
  head: number,
  heads: number,
): number {
  const lengths = pictures.flatMap(({ features, dims: [, channels, height, width] }) => {
    const [cells, size] = [height * width, channels / heads];
    return Array.from({ length: cells }, (_, p) => {
      let sum = 0;
      for (let c = head * size; c < (head + 1) * size; c++) sum += features[c * cells + p] ** 2;
      return Math.sqrt(sum);
    });
  });
  const usual = lengths.sort((a, b) => a - b)[lengths.length >> 1];
  return Math.max(LEAST_CODE_LENGTH, CODE_SHARE * usual);
}

function unit(values: Float32Array): Float32Array {
  const length = Math.max(Math.hypot(...values), 1e-9);
  return values.map((value) => value / length);
}
