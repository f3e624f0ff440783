import sharp from "sharp";
import { HEAD_COLORS } from "../core/head_colors.ts";
import type { Size } from "../core/resize_bilinear.ts";
import type { WhenceEvent } from "../events/event.ts";
import type { ClipFindings } from "./clip_findings.ts";
import { type ClipEvent, clipEvents, curvesOf, messageAt } from "./clip_times.ts";
import {
  type ClipPainter,
  type ClipVideoOptions,
  videoSize,
  writeClipVideo,
} from "./clip_video.ts";
import { drawBox, drawPeak, drawSprite, fill, HeatBlender, type Sprite } from "./overlay_frame.ts";
import { chartX, scoreChart } from "./score_chart.ts";
import { escapeXml } from "./svg_text.ts";

/** Seconds that the strip shows at most. */
const PAGE = 30;

/**
 * Makes a video of a clip: its picture with the maps of all heads, boxes and labels over it, below it a strip with scores and
 * level, and the clip's sound. The file at `target` appears when it is finished.
 *
 * @throws {RecordError} when the clip cannot be decoded, or the video not be written.
 */
export async function writeOverlayVideo(
  clip: string,
  findings: ClipFindings,
  target: string,
  options: ClipVideoOptions,
): Promise<void> {
  const size = videoSize(findings.description.fit);
  await writeClipVideo(clip, new OverlayPainter(findings, size), target, options);
}

/** Draws the overlay of one clip. */
class OverlayPainter implements ClipPainter {
  readonly size: Size;
  /** Height of the video: the picture and the strip. */
  readonly height: number;
  readonly #findings: ClipFindings;
  readonly #events: readonly ClipEvent[];
  readonly #blender: HeatBlender;
  readonly #strip: number;
  readonly #page: number;
  readonly #sprites = new Map<string, Sprite>();
  #at = 0;
  #chart: { readonly from: number; readonly pixels: Uint8Array } | undefined;

  constructor(findings: ClipFindings, size: Size) {
    const { width, height } = size;
    const { description: { heads, grid, fit }, steps } = findings;
    this.#findings = findings;
    this.#events = clipEvents(findings);
    this.size = size;
    this.#blender = new HeatBlender(heads.map(({ kind }) => kind), grid, fit, this.size);
    this.#strip = 2 * Math.round(Math.max(80, width / 7) / 2);
    this.height = height + this.#strip;
    const end = (steps.at(-1)?.step.ptsNs ?? 0) / 1e9;
    this.#page = Math.min(PAGE, Math.max(5, Math.ceil(end)));
  }

  /** Draws over RGB pixels `[height, width, 3]` whose lower part is for the strip. */
  async paint(data: Uint8Array, seconds: number): Promise<void> {
    const { width, height } = this.size;
    const picture = { data, width, height };
    const step = this.#stepAt(seconds);
    if (step !== undefined) this.#blender.blend(picture, step.heat);
    for (const event of this.#events) {
      if (seconds < event.onset || seconds > event.offset) continue;
      const { event: { kind, box, peak } } = messageAt(event, seconds);
      if (box === undefined || peak === undefined) continue;
      drawBox(picture, kind, box);
      drawPeak(picture, peak);
      const sprite = await this.#label(event.last.event);
      const above = box[1] * height - sprite.height - 4;
      drawSprite(picture, sprite, box[0] * width, above < 0 ? box[3] * height + 4 : above);
    }
    await this.#paintStrip(data, seconds);
  }

  /** The step nearest in time, if there is one within two steps. */
  #stepAt(seconds: number) {
    const { steps, description: { stepSeconds } } = this.#findings;
    const away = (i: number) => Math.abs(steps[i].step.ptsNs / 1e9 - seconds);
    while (this.#at + 1 < steps.length && away(this.#at + 1) <= away(this.#at)) this.#at++;
    return steps.length > 0 && away(this.#at) <= 2 * stepSeconds ? steps[this.#at] : undefined;
  }

  async #paintStrip(data: Uint8Array, seconds: number): Promise<void> {
    const { width, height } = this.size;
    const from = Math.floor(seconds / this.#page) * this.#page;
    const view = { from, to: from + this.#page, width, height: this.#strip };
    if (this.#chart?.from !== from) {
      const svg = scoreChart(curvesOf(this.#findings, this.#events), view);
      const pixels = await sharp(new TextEncoder().encode(svg)).removeAlpha().raw().toBuffer();
      this.#chart = { from, pixels };
    }
    data.set(this.#chart.pixels, width * height * 3);
    const x = Math.round(chartX(seconds, view));
    fill({ data, width, height: this.height }, [255, 255, 255], x, height, x + 2, this.height);
  }

  async #label({ kind, labels, score }: WhenceEvent): Promise<Sprite> {
    const text = `${labels[0]?.name ?? kind} ${score.toFixed(2)}`;
    const key = `${kind} ${text}`;
    const known = this.#sprites.get(key);
    if (known !== undefined) return known;
    const size = Math.max(12, Math.round(this.size.width / 45));
    const width = Math.ceil(text.length * 0.61 * size + size);
    const height = Math.ceil(size * 1.5);
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">` +
      `<rect width="${width}" height="${height}" rx="4" fill="black" fill-opacity=".75"/>` +
      `<rect width="${size * 0.3}" height="${height}" fill="rgb(${HEAD_COLORS[kind]})"/>` +
      `<text x="${size * 0.6}" y="${size * 1.1}" font-size="${size}" fill="white" ` +
      `font-family="DejaVu Sans Mono, monospace">${escapeXml(text)}</text></svg>`;
    const { data, info } = await sharp(new TextEncoder().encode(svg)).ensureAlpha().raw()
      .toBuffer({ resolveWithObject: true });
    const sprite = { data, width: info.width, height: info.height };
    this.#sprites.set(key, sprite);
    return sprite;
  }
}
