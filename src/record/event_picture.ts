import { Buffer } from "node:buffer";
import sharp from "sharp";
import type { FitGeometry } from "../core/fit_geometry.ts";
import { HEAD_COLORS } from "../core/head_colors.ts";
import type { WhenceEvent } from "../events/event.ts";
import { contourPath, type GridMap } from "./contour.ts";
import { escapeXml } from "./svg_text.ts";

/** An event over the camera's picture. */
export interface EventPicture {
  /** A JPEG file, or RGB pixels. */
  readonly picture: Uint8Array | RawPicture;
  readonly event: WhenceEvent;
  /** The event's heat map, not negative. */
  readonly heatMap: GridMap;
  readonly fit: FitGeometry;
}

/** RGB pixels, `[height, width, 3]`. */
export interface RawPicture {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** The outline encloses what is at or above this share of the map's peak. */
const LEVEL = 0.5;
const QUALITY = 88;

/**
 * Draws an event over its picture at the picture's resolution: outline of the heat map, box, peak, kind, score and time.
 * Every line has a dark and a light part, so that it shows on any background.
 *
 * @returns a JPEG file.
 */
export async function drawEventPicture({ picture, ...rest }: EventPicture): Promise<Buffer> {
  const image = picture instanceof Uint8Array
    ? sharp(picture)
    : sharp(picture.data, { raw: { width: picture.width, height: picture.height, channels: 3 } });
  const { width, height } = picture instanceof Uint8Array ? await image.metadata() : picture;
  const markup = eventMarkup(rest, width, height);
  return await image.composite([{ input: Buffer.from(markup) }])
    .jpeg({ quality: QUALITY, chromaSubsampling: "4:4:4" }).toBuffer();
}

/** What {@linkcode drawEventPicture} draws over the picture, as SVG. */
export function eventMarkup(
  { event, heatMap, fit }: Omit<EventPicture, "picture">,
  width: number,
  height: number,
): string {
  const unit = Math.max(width, height) / 640;
  const color = `rgb(${HEAD_COLORS[event.kind]})`;
  const stroked = (shape: string, line: number) =>
    `<g stroke="black" stroke-opacity=".75" stroke-width="${(line + 3) * unit}">${shape}</g>` +
    `<g stroke="white" stroke-width="${(line + 1) * unit}">${shape}</g>` +
    `<g stroke="${color}" stroke-width="${line * unit}">${shape}</g>`;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" fill="none" ` +
    `stroke-linecap="round" stroke-linejoin="round">`,
  ];
  const { box, peak } = event;
  if (box !== undefined && peak !== undefined) {
    const path = contourPath(heatMap, LEVEL, fit, { width, height });
    if (path !== "") parts.push(stroked(`<path d="${path}"/>`, 2.2));
    const [x1, y1, x2, y2] = box;
    const margin = 3 * unit;
    const left = Math.max(margin, x1 * width);
    const top = Math.max(margin, y1 * height);
    const right = Math.min(width - margin, x2 * width);
    const bottom = Math.min(height - margin, y2 * height);
    const dash = `stroke-dasharray="${6 * unit} ${5 * unit}"`;
    parts.push(
      stroked(
        `<rect x="${left}" y="${top}" width="${Math.max(0, right - left)}" ` +
          `height="${Math.max(0, bottom - top)}" ${dash}/>`,
        1,
      ),
      stroked(`<circle cx="${peak[0] * width}" cy="${peak[1] * height}" r="${6 * unit}"/>`, 2),
      tag(event, { left, top, bottom, width, unit, color }),
    );
  } else {
    parts.push(tag(event, { left: 8 * unit, top: 0, bottom: 0, width, unit, color }));
  }
  return `${parts.join("")}</svg>`;
}

interface TagPlace {
  readonly left: number;
  readonly top: number;
  readonly bottom: number;
  readonly width: number;
  readonly unit: number;
  readonly color: string;
}

/** Kind or name, score and time on a plate above the box, or below it where there is no room. */
function tag(event: WhenceEvent, { left, top, bottom, width, unit, color }: TagPlace): string {
  const name = event.labels[0]?.name ?? event.kind;
  const text = `${name} ${event.score.toFixed(2)}  ${event.stream.onset.toFixed(2)} s` +
    (event.located ? "" : "  not located");
  const size = 17 * unit;
  const high = 24 * unit;
  const wide = (text.length * 0.6 * size) + 14 * unit;
  const x = Math.max(0, Math.min(left, width - wide));
  const y = top - high - 6 * unit >= 0 ? top - high - 6 * unit : bottom + 6 * unit;
  return `<rect x="${x}" y="${y}" width="${wide}" height="${high}" rx="${4 * unit}" ` +
    `fill="black" fill-opacity=".78" stroke="${color}" stroke-width="${1.5 * unit}"/>` +
    `<text xml:space="preserve" x="${x + 7 * unit}" y="${y + high * 0.72}" fill="white" ` +
    `font-family="DejaVu Sans Mono, monospace" font-size="${size}">${escapeXml(text)}</text>`;
}
