import type { Picture } from "./picture.ts";
import type { Size } from "../../core/resize_bilinear.ts";

/** Fixed-point weights as in Pillow, for identical rounding. */
const BITS = 22;
const ONE = 2 ** BITS;

/**
 * Resizes with a triangle filter that widens when the picture shrinks, to avoid aliasing: Pillow's `BILINEAR`, which the
 * original's loaders use; rows first, rounded to bytes between the two passes.
 */
export function resamplePicture(picture: Picture, to: Size): Picture {
  const { width, height } = picture;
  const wide = width === to.width
    ? picture.data
    : filtered(picture.data, height, { from: width, to: to.width, stride: 3, row: width * 3 });
  if (height === to.height) return { ...to, data: wide };
  const row = to.width * 3;
  const data = new Uint8Array(row * to.height);
  const taps = triangleTaps(height, to.height);
  for (let y = 0; y < to.height; y++) {
    const { first, weights } = taps[y];
    for (let i = 0; i < row; i++) {
      let sum = ONE / 2;
      for (let tap = 0; tap < weights.length; tap++) {
        sum += weights[tap] * wide[(first + tap) * row + i];
      }
      data[y * row + i] = sum >> BITS;
    }
  }
  return { ...to, data };
}

/**
 * Scales so that the shorter side (relative to the target) fits, then crops the center: torchvision's `Resize` and
 * `CenterCrop`, for pictures.
 */
export function coverPicture(picture: Picture, to: Size): Picture {
  const scaled = coverSize(picture, to);
  const resized = resamplePicture(picture, scaled);
  const { left, top } = center(scaled, to);
  const data = new Uint8Array(to.width * to.height * 3);
  for (let y = 0; y < to.height; y++) {
    const start = ((top + y) * scaled.width + left) * 3;
    data.set(resized.data.subarray(start, start + to.width * 3), y * to.width * 3);
  }
  return { ...to, data };
}

/** The same geometry for labels, one value per pixel, by the nearest pixel. */
export function coverLabels(labels: Uint16Array, from: Size, to: Size): Uint16Array {
  const scaled = coverSize(from, to);
  const { left, top } = center(scaled, to);
  const out = new Uint16Array(to.width * to.height);
  for (let y = 0; y < to.height; y++) {
    const row = Math.floor((top + y + 0.5) * from.height / scaled.height) * from.width;
    for (let x = 0; x < to.width; x++) {
      out[y * to.width + x] =
        labels[row + Math.floor((left + x + 0.5) * from.width / scaled.width)];
    }
  }
  return out;
}

function coverSize(from: Size, to: Size): Size {
  return from.width * to.height <= from.height * to.width
    ? { width: to.width, height: Math.trunc(to.width * from.height / from.width) }
    : { width: Math.trunc(to.height * from.width / from.height), height: to.height };
}

function center(from: Size, to: Size) {
  return {
    left: roundHalfToEven((from.width - to.width) / 2),
    top: roundHalfToEven((from.height - to.height) / 2),
  };
}

function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  return value - floor === 0.5 ? floor + floor % 2 : Math.round(value);
}

interface Taps {
  readonly first: number;
  readonly weights: readonly number[];
}

function triangleTaps(from: number, to: number): Taps[] {
  const scale = from / to;
  const reach = Math.max(1, scale);
  return Array.from({ length: to }, (_, i) => {
    const center = (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - reach + 0.5));
    const last = Math.min(from, Math.trunc(center + reach + 0.5));
    const raw = Array.from(
      { length: last - first },
      (_, tap) => Math.max(0, 1 - Math.abs((first + tap - center + 0.5) / reach)),
    );
    const sum = raw.reduce((total, weight) => total + weight, 0);
    return { first, weights: raw.map((weight) => Math.round(weight / sum * ONE)) };
  });
}

function filtered(
  data: Uint8Array,
  rows: number,
  { from, to, stride, row }: { from: number; to: number; stride: number; row: number },
): Uint8Array {
  const out = new Uint8Array(rows * to * stride);
  const taps = triangleTaps(from, to);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < to; x++) {
      const { first, weights } = taps[x];
      for (let channel = 0; channel < stride; channel++) {
        let sum = ONE / 2;
        for (let tap = 0; tap < weights.length; tap++) {
          sum += weights[tap] * data[y * row + (first + tap) * stride + channel];
        }
        out[(y * to + x) * stride + channel] = sum >> BITS;
      }
    }
  }
  return out;
}
