/** How a video is encoded. */
export interface VideoFormat {
  /** Whether the video is encoded in hardware, which may be busy or out of reach although its element is installed. */
  readonly hardware: boolean;
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
const H264_ELEMENTS = ["h264parse", "avenc_aac", "aacparse", "mp4mux"];

/** H.264 and AAC in MP4. */
function mp4(elements: readonly string[], video: string, hardware: boolean): VideoFormat {
  return {
    hardware,
    extension: "mp4",
    video: `${video} ! h264parse`,
    audio: AAC,
    mux: "mp4mux",
    elements: [...elements, ...H264_ELEMENTS],
  };
}

/** The formats of videos, best first. All play in browsers. */
export const VIDEO_FORMATS: readonly VideoFormat[] = [
  // Jetson: the encoder reads video memory only.
  mp4(
    ["nvvidconv", "nvv4l2h264enc"],
    "nvvidconv ! video/x-raw(memory:NVMM),format=NV12 ! " +
      "nvv4l2h264enc bitrate=4000000 iframeinterval=50 insert-sps-pps=true",
    true,
  ),
  // NVIDIA's graphics cards.
  mp4(["nvh264enc"], "nvh264enc bitrate=4000 gop-size=50", true),
  // Intel and AMD.
  mp4(["vah264enc"], "vah264enc rate-control=cbr bitrate=4000 key-int-max=50", true),
  // Encoders with a driver of Linux, such as a Raspberry Pi 4's. Its profile and level must be named.
  mp4(
    ["v4l2h264enc"],
    "v4l2h264enc " +
      'extra-controls="controls,video_bitrate=4000000,h264_i_frame_period=50" ! ' +
      "video/x-h264,profile=(string)high,level=(string)4",
    true,
  ),
  mp4(
    ["x264enc"],
    "x264enc pass=quant quantizer=21 speed-preset=veryfast key-int-max=50",
    false,
  ),
  mp4(["openh264enc"], "openh264enc rate-control=quality bitrate=4000000 gop-size=50", false),
  {
    hardware: false,
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
