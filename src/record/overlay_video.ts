import sharp from "sharp";
import { HEAD_COLORS } from "../core/head_colors.ts";
import type { WhenceEvent } from "../events/event.ts";
import type { ClipFindings } from "./clip_findings.ts";
import { type ClipEvent, clipEvents, curvesOf, messageAt } from "./clip_times.ts";
import { launchFault, launchValue, RecordError, spawnLaunch } from "./gst_process.ts";
import { drawBox, drawPeak, drawSprite, fill, HeatBlender, type Sprite } from "./overlay_frame.ts";
import { chartX, scoreChart } from "./score_chart.ts";
import { escapeXml } from "./svg_text.ts";
import { VideoEncoder } from "./video_encoder.ts";
import type { VideoFormat } from "./video_format.ts";

/** An RGB picture of a clip, without overlay; valid during the call only. */
export interface ClipFrame {
  readonly seconds: number;
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** How an overlay video is made. */
export interface OverlayOptions {
  readonly format: VideoFormat;
  /** Pictures per second. */
  readonly rate?: number;
  readonly signal?: AbortSignal;
  /** Called with the time up to which the video is drawn, s. */
  readonly progress?: (seconds: number) => void;
  /** Called with each picture before anything is drawn over it; the video waits for it. */
  readonly frame?: (frame: ClipFrame) => Promise<void> | void;
}

/** Largest width and height of the picture, pixels. */
const LARGEST = 1280;
/** Seconds that the strip shows at most. */
const PAGE = 30;
const RATE = 25;

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
  { format, rate = RATE, signal, progress, frame }: OverlayOptions,
): Promise<void> {
  const { fit } = findings.description;
  const scale = Math.min(1, LARGEST / Math.max(fit.sourceWidth, fit.sourceHeight));
  // Rows of RGB pixels are not padded if the width is a multiple of 4; encoders need even heights.
  const width = Math.max(64, 4 * Math.round(fit.sourceWidth * scale / 4));
  const height = Math.max(64, 2 * Math.round(fit.sourceHeight * scale / 2));
  const painter = new OverlayPainter(findings, width, height);
  const location = launchValue(clip);
  // Ends the decoder when the encoder fails.
  const failed = new AbortController();
  const both = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal;
  const decoder = spawnLaunch(
    `filesrc location=${location} ! decodebin expose-all-streams=false caps="video/x-raw(ANY)" ! ` +
      `videoconvert ! videoflip video-direction=auto ! videorate ! videoscale add-borders=false ! ` +
      `videoconvert ! video/x-raw,format=RGB,width=${width},height=${height},` +
      `pixel-aspect-ratio=1/1,framerate=${rate}/1 ! fdsink fd=1`,
    { stdin: "null", stdout: "piped" },
    both,
  );
  const encoder = new VideoEncoder({
    format,
    width,
    height: painter.height,
    rate,
    audio: clip,
    target,
    signal,
  });
  const decoderSaid = new Response(decoder.stderr).text();
  const canvas = { data: new Uint8Array(width * painter.height * 3), width, height };
  try {
    let index = 0;
    for await (const _ of filled(decoder.stdout, canvas.data.subarray(0, width * height * 3))) {
      const seconds = index++ / rate;
      await frame?.({ seconds, data: canvas.data.subarray(0, width * height * 3), width, height });
      await painter.paint(canvas.data, seconds);
      await encoder.write(canvas.data);
      progress?.(seconds);
    }
    const { success } = await decoder.status;
    signal?.throwIfAborted();
    if (!success || index === 0) {
      throw new RecordError(`Cannot decode ${clip}: ${launchFault(await decoderSaid)}`);
    }
    await encoder.finish();
  } catch (error) {
    failed.abort();
    await encoder.abandon();
    await decoder.status;
    signal?.throwIfAborted();
    if (error instanceof RecordError) throw error;
    // A broken pipe: the encoder has ended.
    throw await encoder.fault(error);
  }
}

/** Fills `target` with the bytes of a stream again and again; an incomplete last part is left out. */
async function* filled(stream: ReadableStream<Uint8Array>, target: Uint8Array) {
  let length = 0;
  for await (let chunk of stream) {
    while (chunk.length > 0) {
      const taken = chunk.subarray(0, target.length - length);
      target.set(taken, length);
      length += taken.length;
      chunk = chunk.subarray(taken.length);
      if (length < target.length) continue;
      length = 0;
      yield;
    }
  }
}

/** Draws the overlay of one clip. */
class OverlayPainter {
  /** Height of the video: the picture and the strip. */
  readonly height: number;
  readonly #findings: ClipFindings;
  readonly #events: readonly ClipEvent[];
  readonly #blender: HeatBlender;
  readonly #size: { readonly width: number; readonly height: number };
  readonly #strip: number;
  readonly #page: number;
  readonly #sprites = new Map<string, Sprite>();
  #at = 0;
  #chart: { readonly from: number; readonly pixels: Uint8Array } | undefined;

  constructor(findings: ClipFindings, width: number, height: number) {
    const { description: { heads, grid, fit }, steps } = findings;
    this.#findings = findings;
    this.#events = clipEvents(findings);
    this.#size = { width, height };
    this.#blender = new HeatBlender(heads.map(({ kind }) => kind), grid, fit, this.#size);
    this.#strip = 2 * Math.round(Math.max(80, width / 7) / 2);
    this.height = height + this.#strip;
    const end = (steps.at(-1)?.step.ptsNs ?? 0) / 1e9;
    this.#page = Math.min(PAGE, Math.max(5, Math.ceil(end)));
  }

  /** Draws over RGB pixels `[height, width, 3]` whose lower part is for the strip. */
  async paint(data: Uint8Array, seconds: number): Promise<void> {
    const { width, height } = this.#size;
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
    const { width, height } = this.#size;
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
    const size = Math.max(12, Math.round(this.#size.width / 45));
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
