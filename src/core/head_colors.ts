import type { HeadKind } from "./head_kind.ts";

/** An sRGB color, 0..255 each. */
export type Color = readonly [red: number, green: number, blue: number];

/** The color of each head kind in all pictures: sound orange, speech blue. */
export const HEAD_COLORS: Readonly<Record<HeadKind, Color>> = {
  sound: [255, 96, 32],
  speech: [48, 144, 255],
};
