/** How an overlay video is encoded. */
export interface VideoFormat {
  /** The file name's extension. */
  readonly extension: string;
  /** Launch texts of GStreamer. */
  readonly video: string;
  readonly audio: string;
  readonly mux: string;
  /** Elements that it needs. */
  readonly elements: readonly string[];
}

const AAC = "avenc_aac bitrate=128000 ! aacparse";

/** The formats of overlay videos, best first. All play in browsers. */
export const VIDEO_FORMATS: readonly VideoFormat[] = [
  {
    extension: "mp4",
    video: "x264enc pass=quant quantizer=21 speed-preset=veryfast key-int-max=50 ! h264parse",
    audio: AAC,
    mux: "mp4mux",
    elements: ["x264enc", "h264parse", "avenc_aac", "aacparse", "mp4mux"],
  },
  {
    extension: "mp4",
    video: "openh264enc rate-control=quality bitrate=4000000 gop-size=50 ! h264parse",
    audio: AAC,
    mux: "mp4mux",
    elements: ["openh264enc", "h264parse", "avenc_aac", "aacparse", "mp4mux"],
  },
  {
    extension: "webm",
    video: "vp8enc deadline=1 cpu-used=8 threads=2 target-bitrate=3000000 keyframe-max-dist=50",
    audio: "audioconvert ! audioresample ! audio/x-raw,channels=[1,2] ! opusenc",
    mux: "webmmux",
    elements: ["vp8enc", "opusenc", "webmmux"],
  },
];

/** Elements around the encoders. */
export const VIDEO_ELEMENTS = [
  "fdsrc",
  "fdsink",
  "rawvideoparse",
  "filesink",
  "queue",
  "decodebin",
] as const;
