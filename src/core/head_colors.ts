import type { HeadKind } from "./head_kind.ts";

/** An sRGB color, 0..255 each. */
export type Color = readonly [red: number, green: number, blue: number];

/** The color of each head kind in all pictures: sound orange, speech blue. */
export const HEAD_COLORS: Readonly<Record<HeadKind, Color>> = {
  sound: [255, 96, 32],
  speech: [48, 144, 255],
};

/** A head kind's color as text, readable on each background. */
export interface TextColors {
  readonly onLight: Color;
  readonly onDark: Color;
}

/** The color of each head kind as text. */
export const HEAD_TEXT_COLORS: Readonly<Record<HeadKind, TextColors>> = {
  sound: { onLight: [179, 60, 0], onDark: [255, 134, 82] },
  speech: { onLight: [10, 95, 194], onDark: [108, 176, 255] },
};

/** A color as CSS and SVG read it, such as `#ff6020`. */
export function hexColor(color: Color): string {
  return `#${color.map((channel) => channel.toString(16).padStart(2, "0")).join("")}`;
}
