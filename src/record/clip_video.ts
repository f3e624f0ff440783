import type { FitGeometry } from "../core/fit_geometry.ts";
import type { Size } from "../core/resize_bilinear.ts";
import { launchFault, launchValue, RecordError, spawnLaunch } from "./gst_process.ts";
import { VideoEncoder } from "./video_encoder.ts";
import type { VideoFormat } from "./video_format.ts";

/** An RGB picture of a clip, without overlay; valid during the call only. */
export interface ClipFrame {
  readonly seconds: number;
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Draws over the pictures of a clip. */
export interface ClipPainter {
  /** Size of the clip's pictures in the video, from {@linkcode videoSize}. */
  readonly size: Size;
  /** Height of the video; more than that of the pictures if there is something below them. */
  readonly height: number;
  /** Draws over RGB pixels `[height, width, 3]`, the clip's picture at the top; called in order of time. */
  paint(data: Uint8Array, seconds: number): Promise<void> | void;
}

/** How a video of a clip is made. */
export interface ClipVideoOptions {
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
const RATE = 25;

/** The size that a clip's pictures have in its videos. */
export function videoSize({ sourceWidth, sourceHeight }: FitGeometry): Size {
  const scale = Math.min(1, LARGEST / Math.max(sourceWidth, sourceHeight));
  // Rows of RGB pixels are not padded if the width is a multiple of 4; encoders need even heights.
  return {
    width: Math.max(64, 4 * Math.round(sourceWidth * scale / 4)),
    height: Math.max(64, 2 * Math.round(sourceHeight * scale / 2)),
  };
}

/**
 * Makes a video of a clip's pictures as a painter changes them, with the clip's sound. The file at `target` appears when it is
 * finished.
 *
 * @throws {RecordError} when the clip cannot be decoded, or the video not be written.
 */
export async function writeClipVideo(
  clip: string,
  painter: ClipPainter,
  target: string,
  { format, rate = RATE, signal, progress, frame }: ClipVideoOptions,
): Promise<void> {
  const { size: { width, height } } = painter;
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
  const data = new Uint8Array(width * painter.height * 3);
  const picture = data.subarray(0, width * height * 3);
  try {
    let index = 0;
    for await (const _ of filled(decoder.stdout, picture)) {
      const seconds = index++ / rate;
      await frame?.({ seconds, data: picture, width, height });
      await painter.paint(data, seconds);
      await encoder.write(data);
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
