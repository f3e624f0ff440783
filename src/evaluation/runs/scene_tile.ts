import { Buffer } from "node:buffer";
import sharp from "sharp";
import { type Color, HEAD_COLORS } from "../../core/head_colors.ts";
import type { HeadKind } from "../../core/head_kind.ts";
import { type Picture, resizeNearest } from "../datasets/picture.ts";
import { resamplePicture } from "../datasets/resample_picture.ts";
import { resizeBilinear, type Size } from "../../core/resize_bilinear.ts";

/** Content of one tile of a contact sheet. */
export interface TileContent {
  readonly caption: string;
  readonly picture: Picture;
  /** Truth, of the picture's size. */
  readonly masks: readonly Uint8Array[];
  readonly heads: readonly { readonly kind: HeadKind; readonly map: Float32Array }[];
  /** Size of the heads' maps. */
  readonly grid: Size;
}

/** Heights in pixels. */
const PANEL = 192;
const CAPTION = 20;
const GAP = 8;
const OUTLINE: Color = [255, 255, 255];
const STRENGTH = 0.85;

/**
 * Draws a scene as PNG: the picture, next to it the same picture under the heat maps of the heads (sound orange, speech
 * blue, both on the scale of the higher one), the truth outlined in white on both, a caption below.
 */
export async function sceneTile(content: TileContent): Promise<Uint8Array> {
  const { picture } = content;
  const size = {
    width: Math.max(1, Math.round(PANEL * picture.width / picture.height)),
    height: PANEL,
  };
  const plain = resamplePicture(picture, size);
  const heated = { ...size, data: plain.data.slice() };
  paintHeat(heated, content);
  for (const mask of content.masks) {
    const small = resizeNearest(mask, picture, size);
    for (const panel of [plain, heated]) outline(panel, small);
  }
  const raw = { ...size, channels: 3 as const };
  const width = 2 * size.width;
  return new Uint8Array(
    await sharp({ create: { width, height: PANEL + CAPTION, channels: 3, background: "black" } })
      .composite([
        { input: Buffer.from(plain.data), raw, left: 0, top: 0 },
        { input: Buffer.from(heated.data), raw, left: size.width, top: 0 },
        { input: captionSvg(content.caption, width), left: 0, top: PANEL },
      ]).png().toBuffer(),
  );
}

/** Arranges tiles in rows in one PNG. */
export async function contactSheet(tiles: readonly string[], columns: number): Promise<Uint8Array> {
  const sizes = await Promise.all(tiles.map((tile) => sharp(tile).metadata()));
  const width = GAP + Math.max(...sizes.map((size) => size.width));
  const height = GAP + Math.max(...sizes.map((size) => size.height));
  const rows = Math.ceil(tiles.length / columns);
  return new Uint8Array(
    await sharp({
      create: {
        width: width * Math.min(columns, tiles.length),
        height: height * rows,
        channels: 3,
        background: "black",
      },
    }).composite(tiles.map((input, i) => ({
      input,
      left: (i % columns) * width,
      top: Math.floor(i / columns) * height,
    }))).png().toBuffer(),
  );
}

function paintHeat(panel: Picture, { heads, grid }: TileContent): void {
  const peak = Math.max(1e-6, ...heads.map(({ map }) => Math.max(...map)));
  for (const { kind, map } of heads) {
    const heat = resizeBilinear(map, grid, panel);
    for (const [i, value] of heat.entries()) {
      const alpha = STRENGTH * Math.max(0, value / peak) ** 2;
      HEAD_COLORS[kind].forEach((color, channel) => {
        const at = 3 * i + channel;
        panel.data[at] = panel.data[at] * (1 - alpha) + color * alpha;
      });
    }
  }
}

function outline({ width, height, data }: Picture, mask: Uint8Array): void {
  const inside = (x: number, y: number) =>
    x >= 0 && y >= 0 && x < width && y < height && mask[y * width + x] === 1;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const edge = inside(x, y) &&
        !(inside(x - 1, y) && inside(x + 1, y) && inside(x, y - 1) && inside(x, y + 1));
      if (edge) data.set(OUTLINE, 3 * (y * width + x));
    }
  }
}

function captionSvg(caption: string, width: number): Buffer {
  const text = caption.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`);
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${CAPTION}">` +
      `<text x="4" y="14" font-family="sans-serif" font-size="11" fill="white">${text}</text></svg>`,
  );
}
