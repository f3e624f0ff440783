// @ts-types="npm:@types/d3-scale-chromatic@3.1.0"
import { interpolateInferno } from "d3-scale-chromatic";
import { HEAD_COLORS } from "../core/head_colors.ts";
import type { Size } from "../core/resize_bilinear.ts";
import type { Description } from "../telemetry/topics.ts";
import type { ClipMaps, Timed } from "./clip_maps.ts";
import { type ClipPainter, videoSize } from "./clip_video.ts";
import { FeatureColors } from "./feature_colors.ts";
import { RecordError } from "./gst_process.ts";
import { pictureCells } from "./picture_cells.ts";
import { PlaneBlender, type Shade } from "./plane_blender.ts";

/** What a video shows of the model: similarity of all heads, of each head, or image features. */
export type FeatureView = "attention" | "heads" | "features";

/** All views; a view's name is part of its video's file name. */
export const FEATURE_VIEWS: readonly FeatureView[] = ["attention", "heads", "features"];

/** Opacity of a head's color where its similarity is highest. */
const HEAD_OPACITY = 0.8;

/** Values 0..255 of the color scale of attention, `[256, 3]`. */
const INFERNO = Uint8Array.fromHex(
  Array.from({ length: 256 }, (_, i) => interpolateInferno(i / 255).slice(1)).join(""),
);

/**
 * Draws a view, as the notebook of DenseAV (arXiv 2406.05629) does:
 *
 * - `attention`: the highest similarity of all heads in the colors of "inferno", the stronger the less transparent.
 * - `heads`: at each place, the head with the highest similarity in its color.
 * - `features`: the first three principal components of the image features as red, green and blue, instead of the picture.
 *
 * Negative similarity counts as 0. Each head's similarity is relative to its highest in the clip.
 *
 * @throws {RecordError} if the clip has no time step, or its picture is too narrow for the grid.
 */
export function featurePainter(
  view: FeatureView,
  { grid, fit, heads }: Description,
  { maps, features }: ClipMaps,
): ClipPainter {
  if (maps.length === 0 || features.length === 0) {
    throw new RecordError("Cannot draw features: the clip is too short");
  }
  const size = videoSize(fit);
  const blender = new PlaneBlender(grid, fit, size);
  const cells = grid.width * grid.height;
  const inPicture = pictureCells(grid, fit);
  if (inPicture.length < 2) {
    throw new RecordError("Cannot draw features: the picture is narrower than a cell of the grid");
  }
  if (view === "features") {
    const colors = new FeatureColors(features, cells, inPicture);
    return new TimedPainter(size, blender, features, (values) => colors.colors(values), shadeRgb);
  }
  const highest = heads.map((_, k) => highestOf(maps, inPicture, k * cells));
  const relative = (values: Float32Array) =>
    values.map((value, i) => Math.max(0, value) / highest[Math.floor(i / cells)]);
  const shade = view === "attention"
    ? shadeAttention
    : shadeHeads(heads.map(({ kind }) => HEAD_COLORS[kind]));
  return new TimedPainter(size, blender, maps, relative, shade);
}

/** The highest value of a head in the clip's picture; above 0. */
function highestOf(maps: readonly Timed[], inPicture: readonly number[], from: number): number {
  let highest = Number.EPSILON;
  for (const { values } of maps) {
    for (const cell of inPicture) highest = Math.max(highest, values[from + cell]);
  }
  return highest;
}

/** Blends the values that are nearest in time over each picture. */
class TimedPainter implements ClipPainter {
  readonly size: Size;
  readonly height: number;
  readonly #blender: PlaneBlender;
  readonly #timed: readonly Timed[];
  readonly #planesOf: (values: Float32Array) => Float32Array;
  readonly #shade: Shade;
  #at = 0;
  #planes: Float32Array;

  constructor(
    size: Size,
    blender: PlaneBlender,
    timed: readonly Timed[],
    planesOf: (values: Float32Array) => Float32Array,
    shade: Shade,
  ) {
    this.size = size;
    this.height = size.height;
    this.#blender = blender;
    this.#timed = timed;
    this.#planesOf = planesOf;
    this.#shade = shade;
    this.#planes = planesOf(timed[0].values);
  }

  paint(data: Uint8Array, seconds: number): void {
    const timed = this.#timed;
    const away = (i: number) => Math.abs(timed[i].seconds - seconds);
    const before = this.#at;
    while (this.#at + 1 < timed.length && away(this.#at + 1) <= away(this.#at)) this.#at++;
    if (this.#at !== before) this.#planes = this.#planesOf(timed[this.#at].values);
    this.#blender.blend(data, this.#planes, this.#shade);
  }
}

function shadeAttention(values: Float32Array, into: Float32Array): void {
  const highest = Math.min(1, values.reduce((a, b) => Math.max(a, b), 0));
  const color = 3 * Math.round(255 * highest);
  for (let c = 0; c < 3; c++) into[c] = INFERNO[color + c];
  into[3] = highest;
}

function shadeHeads(colors: readonly (readonly [number, number, number])[]): Shade {
  return (values, into) => {
    let k = 0;
    for (let i = 1; i < values.length; i++) if (values[i] > values[k]) k = i;
    into.set(colors[k]);
    into[3] = HEAD_OPACITY * Math.min(1, values[k]);
  };
}

function shadeRgb(values: Float32Array, into: Float32Array): void {
  for (let c = 0; c < 3; c++) into[c] = 255 * values[c];
  into[3] = 1;
}
