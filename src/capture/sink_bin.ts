import type { Fit } from "../core/fit_geometry.ts";
import { rateFraction } from "./launch_text.ts";
import type { VideoHardware } from "./video_hardware.ts";

/** Name of the appsink of the frames. */
export const FRAME_SINK = "video";
/** Name of the appsink of the samples. */
export const SAMPLE_SINK = "audio";
/** Name of the element whose sink pad carries the source picture before scaling. */
export const PICTURE = "picture";
/** Appsrc of the pictures that are converted when they are read, and the appsink of the frames made of them. */
export const PICTURE_SOURCE = "read_picture";
export const CONVERTED_SINK = "converted";
/** Appsink of the camera pictures, and the valve that keeps them back while there is no reader. */
export const JPEG_SINK = "jpeg";
export const JPEG_VALVE = "jpeg_valve";
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
  /** Puts time stamps into the bytes (`gdppay`), for a binding that gives nothing else. */
  readonly stamped?: boolean;
}

/** Maximum number of queued buffers; 256 audio buffers are 2.5 s or more. */
export const SINK_DEPTH = {
  video: { leaky: 8, waiting: 4 },
  audio: { leaky: 256, waiting: 32 },
} as const;

/** Pictures that wait for their reader; newer ones push older ones out. */
export const JPEG_DEPTH = 4;
/** Largest width and height of a camera picture, pixels. */
const JPEG_SIZE = 1280;

/** The model's input format for frames. */
export interface FrameFormat {
  readonly width: number;
  readonly height: number;
  readonly fit: Fit;
  readonly frameRate: number;
}

/** How a video tail differs from the plain one; see {@linkcode videoTail}. */
export interface VideoTailOptions {
  readonly upright?: boolean;
  readonly hardware?: VideoHardware;
  readonly measured?: boolean;
  readonly jpeg?: string;
  readonly whenRead?: boolean;
}

/**
 * Launch text from any raw picture to RGB frames of the model's size.
 *
 * Frames are dropped, never duplicated: `videorate drop-only` keeps the original time stamps, where its other modes fill
 * gaps with copies. It does not drop frames of streams with a variable rate (many RTSP cameras), so the caps of every stream
 * are first set to 1000 Hz; the filter before that keeps cameras from negotiating 1000 Hz.
 *
 * @param upright rotate the picture by its orientation tag (phone clips).
 * @param hardware what decoded the picture, which may be in its video memory.
 * @param measured an element named `picture` precedes this text.
 * @param jpeg element that encodes camera pictures; without it there is no branch for them.
 * @param whenRead deliver the source pictures; a separate part makes frames of those that are given to it.
 */
export function videoTail(
  format: FrameFormat,
  mode: SinkMode,
  { upright = false, hardware, measured = false, jpeg, whenRead = false }: VideoTailOptions = {},
): string {
  const name = measured || whenRead ? "" : ` name=${PICTURE}`;
  const size = `width=${format.width},height=${format.height},pixel-aspect-ratio=1/1`;
  const scale = (name: string, borders: boolean) =>
    `videoscale${name} method=bilinear2 add-borders=${borders}`;
  const turn = upright ? ["videoflip video-direction=auto"] : [];
  const convert = [
    ...(format.fit === "crop"
      ? [`aspectratiocrop${name} aspect-ratio=${format.width}/${format.height}`, scale("", false)]
      : [scale(name, format.fit === "letterbox")]),
    `video/x-raw,format=RGB,${size}`,
  ];
  const tail = [
    hardware?.converter
      ? `${hardware.converter} name=${TAIL_HEAD.video} ! video/x-raw${
        hardware.format ? `,format=${hardware.format}` : ""
      }`
      : `capsfilter name=${TAIL_HEAD.video} caps="video/x-raw(ANY),framerate=[0/1,999/1]"`,
    'capssetter caps="video/x-raw,framerate=(fraction)1000/1"',
    "videorate drop-only=true skip-to-first=true",
    `video/x-raw,framerate=${rateFraction(format.frameRate)}`,
    ...(jpeg === undefined ? [] : [`tee name=${JPEG_TEE}`]),
    "videoconvert",
    ...turn,
    ...(mode.stamped ? [SHAPE_BRANCH] : []),
    ...(whenRead ? [`capsfilter name=${PICTURE} caps="video/x-raw"`] : convert),
    appsink("video", mode),
  ].join(" ! ");
  const converter = [
    `appsrc name=${PICTURE_SOURCE} format=time`,
    "videoconvert",
    ...convert,
    `appsink name=${CONVERTED_SINK} sync=false async=false enable-last-sample=false`,
  ].join(" ! ");
  return [
    tail,
    ...(whenRead ? [converter] : []),
    ...(jpeg === undefined ? [] : [jpegBranch(jpeg, turn, mode)]),
  ].join("  ");
}

const JPEG_TEE = "jpeg_tee";

/** Keeps the newest source picture for a binding that cannot read the caps of a pad. Without the queue, it would wait there. */
const SHAPE_BRANCH = "tee name=shape_tee  shape_tee. ! " +
  "queue leaky=downstream max-size-buffers=1 max-size-bytes=0 max-size-time=0 ! " +
  "fakesink name=shape sync=false async=false enable-last-sample=true  shape_tee.";

/**
 * The way of camera pictures, with a thread of its own. It never holds up the frames: pictures that are not taken are
 * dropped, and nothing is scaled or encoded while the valve is closed.
 */
function jpegBranch(encoder: string, turn: readonly string[], { stamped }: SinkMode): string {
  return [
    `${JPEG_TEE}. ! valve name=${JPEG_VALVE} drop=true`,
    "queue leaky=downstream max-size-buffers=2 max-size-bytes=0 max-size-time=0",
    "videoscale method=bilinear",
    `video/x-raw,width=[1,${JPEG_SIZE}],height=[1,${JPEG_SIZE}],pixel-aspect-ratio=1/1`,
    "videoconvert",
    ...turn,
    encoder,
    `${
      stamped ? STAMP : ""
    }appsink name=${JPEG_SINK} sync=false async=false drop=true max-buffers=${JPEG_DEPTH} enable-last-sample=false`,
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

const STAMP = "gdppay crc-header=false ! ";

function appsink(stream: "video" | "audio", { leaky, paced, together, stamped }: SinkMode): string {
  const depth = SINK_DEPTH[stream][leaky ? "leaky" : "waiting"];
  const name = stream === "video" ? FRAME_SINK : SAMPLE_SINK;
  const late = paced && stream === "video" ? ` max-lateness=${LATENESS_NS}` : "";
  return `${
    stamped ? STAMP : ""
  }appsink name=${name} sync=${paced} async=${together} drop=${leaky} max-buffers=${depth} enable-last-sample=false${late}`;
}
