import type { Fit } from "../core/fit_geometry.ts";
import { rateFraction } from "./launch_text.ts";

/** Name of the appsink of the frames. */
export const FRAME_SINK = "video";
/** Name of the appsink of the samples. */
export const SAMPLE_SINK = "audio";
/** Name of the element whose sink pad carries the source picture before scaling. */
export const PICTURE = "picture";
/** Name of the first element of each tail. */
export const TAIL_HEAD = { video: "video_in", audio: "audio_in" } as const;

/** How an appsink delivers data. */
export interface SinkMode {
  /** Drops the oldest buffers when full; otherwise the source waits for its reader. */
  readonly leaky: boolean;
  /** Delivers each buffer at its presentation time. */
  readonly paced: boolean;
  /** Waits for data of both streams before it starts; off for devices, so that a dead microphone does not block a camera. */
  readonly together: boolean;
}

/** Maximum number of queued buffers; 256 audio buffers are 2.5 s or more. */
export const SINK_DEPTH = {
  video: { leaky: 8, waiting: 4 },
  audio: { leaky: 256, waiting: 32 },
} as const;

/** The model's input format for frames. */
export interface FrameFormat {
  readonly width: number;
  readonly height: number;
  readonly fit: Fit;
  readonly frameRate: number;
}

/**
 * Launch text from any raw picture to RGB frames of the model's size.
 *
 * Frames are dropped, never duplicated: `videorate drop-only` keeps the original time stamps, where its other modes fill
 * gaps with copies. It does not drop frames of streams with a variable rate (many RTSP cameras), so the caps of every stream
 * are first set to 1000 Hz; the filter before that keeps cameras from negotiating 1000 Hz.
 *
 * @param upright rotate the picture by its orientation tag (phone clips).
 * @param nvmm pictures may be in a Jetson's video memory.
 * @param measured an element named `picture` precedes this text.
 */
export function videoTail(
  format: FrameFormat,
  mode: SinkMode,
  { upright = false, nvmm = false, measured = false } = {},
): string {
  const name = measured ? "" : ` name=${PICTURE}`;
  const size = `width=${format.width},height=${format.height},pixel-aspect-ratio=1/1`;
  const scale = (name: string, borders: boolean) =>
    `videoscale${name} method=bilinear2 add-borders=${borders}`;
  return [
    nvmm
      ? `nvvidconv name=${TAIL_HEAD.video} ! video/x-raw,format=BGRx`
      : `capsfilter name=${TAIL_HEAD.video} caps="video/x-raw(ANY),framerate=[0/1,999/1]"`,
    'capssetter caps="video/x-raw,framerate=(fraction)1000/1"',
    "videorate drop-only=true skip-to-first=true",
    `video/x-raw,framerate=${rateFraction(format.frameRate)}`,
    "videoconvert",
    ...(upright ? ["videoflip video-direction=auto"] : []),
    ...(format.fit === "crop"
      ? [`aspectratiocrop${name} aspect-ratio=${format.width}/${format.height}`, scale("", false)]
      : [scale(name, format.fit === "letterbox")]),
    `video/x-raw,format=RGB,${size}`,
    appsink("video", mode),
  ].join(" ! ");
}

/** Launch text from any raw sound to mono 32-bit float samples. */
export function audioTail(sampleRate: number, mode: SinkMode): string {
  return [
    `audioconvert name=${TAIL_HEAD.audio}`,
    "audioresample",
    `audio/x-raw,format=F32LE,layout=interleaved,channels=1,rate=${sampleRate}`,
    appsink("audio", mode),
  ].join(" ! ");
}

/** Paced frames later than this are dropped. QoS events are off: decoders would skip frames that are only slightly late. */
const LATENESS_NS = 1e9;

function appsink(stream: "video" | "audio", { leaky, paced, together }: SinkMode): string {
  const depth = SINK_DEPTH[stream][leaky ? "leaky" : "waiting"];
  const name = stream === "video" ? FRAME_SINK : SAMPLE_SINK;
  const late = paced && stream === "video" ? ` max-lateness=${LATENESS_NS}` : "";
  return `appsink name=${name} sync=${paced} async=${together} drop=${leaky} max-buffers=${depth} enable-last-sample=false${late}`;
}
