/** A machine's hardware that decodes video. */
export interface VideoHardware {
  /** In `doctor` and messages. */
  readonly name: string;
  /** Decoder without which a machine does not have this hardware; default: any of `decoders` shows it. */
  readonly sign?: string;
  /** Decoders of H.264, H.265 and other streams, by element name. */
  readonly decoders: readonly string[];
  /** Element that brings its pictures from video memory to main memory; undefined if they are there already. */
  readonly converter?: string;
  /** Format after the converter. Default: any. */
  readonly format?: string;
  /** Whether it also decodes the JPEG pictures of USB cameras. */
  readonly jpeg: boolean;
  /** Whether its pictures are always in video memory: even a user's own graph needs the converter then. */
  readonly onlyVideoMemory?: boolean;
}

/** A Jetson's (NVIDIA's Accelerated GStreamer guide). */
export const JETSON: VideoHardware = {
  name: "Jetson",
  // Graphics cards have an nvjpegdec, too.
  sign: "nvv4l2decoder",
  decoders: ["nvv4l2decoder", "nvjpegdec"],
  converter: "nvvidconv",
  format: "BGRx",
  jpeg: true,
  onlyVideoMemory: true,
};

/** Known hardware, preferred first. Plugins of hardware that a machine lacks register no elements. */
export const VIDEO_HARDWARE: readonly VideoHardware[] = [
  JETSON,
  {
    // The converter passes pictures in main memory on as they are.
    name: "NVIDIA",
    decoders: [
      "nvh264dec",
      "nvh265dec",
      "nvav1dec",
      "nvvp8dec",
      "nvvp9dec",
      "nvmpeg2videodec",
      "nvjpegdec",
    ],
    converter: "cudadownload",
    jpeg: true,
  },
  {
    name: "VA-API",
    decoders: ["vah264dec", "vah265dec", "vavp8dec", "vavp9dec", "vaav1dec", "vampeg2dec"],
    converter: "vapostproc",
    jpeg: false,
  },
  {
    name: "VA-API (old plugin)",
    decoders: [
      "vaapih264dec",
      "vaapih265dec",
      "vaapivp8dec",
      "vaapivp9dec",
      "vaapiav1dec",
      "vaapimpeg2dec",
    ],
    converter: "vaapipostproc",
    jpeg: false,
  },
  {
    // Stateful (Raspberry Pi 4) and stateless (Raspberry Pi 5, Rockchip) drivers; pictures come in main memory.
    name: "Video4Linux",
    decoders: ["v4l2h264dec", "v4l2h265dec", "v4l2slh264dec", "v4l2slh265dec", "v4l2slvp9dec"],
    jpeg: false,
  },
];

/** Values of `source.decode`. */
export const DECODE_MODES = ["auto", "hardware", "software"] as const;
export type DecodeMode = typeof DECODE_MODES[number];

/** What decodes a source's video, and why. */
export interface Decoding {
  /** With the decoders that are installed; undefined for software. */
  readonly hardware?: VideoHardware;
  /** Whether hardware must not be used, rather than none being known. */
  readonly software: boolean;
  /** One line for `doctor`. */
  readonly reason: string;
}

/**
 * Chooses what decodes video: hardware of which a decoder is installed, and the converter if it needs one.
 *
 * @param has whether GStreamer has an element.
 */
export function chooseDecoding(
  mode: DecodeMode,
  has: (element: string) => boolean,
  known: readonly VideoHardware[] = VIDEO_HARDWARE,
): Decoding {
  if (mode === "software") {
    return { software: true, reason: "software: source.decode is software" };
  }
  const lacking: string[] = [];
  for (const hardware of known) {
    const { name, converter, sign } = hardware;
    const decoders = hardware.decoders.filter(has);
    if (decoders.length === 0 || sign !== undefined && !has(sign)) continue;
    if (converter === undefined || has(converter)) {
      const how = [...decoders, ...(converter === undefined ? [] : [converter])].join(", ");
      return { hardware: { ...hardware, decoders }, software: false, reason: `${name}: ${how}` };
    }
    lacking.push(`${decoders[0]} is installed, but ${converter} is not`);
  }
  if (lacking.length > 0) {
    // Pictures of a decoder without its converter would stay in video memory.
    return { software: true, reason: `software: ${lacking.join("; ")}` };
  }
  return {
    software: false,
    reason: "GStreamer's own choice: no known hardware decoder is installed",
  };
}
