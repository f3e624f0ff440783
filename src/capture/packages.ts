import type { SourceDescriptor } from "./source.ts";
import { SOURCES } from "./sources.ts";

/** Elements by Debian package, without those that only one source uses: their descriptors name the package. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  "libgstreamer1.0-0": [
    "capsfilter",
    "fakesink",
    "fdsink",
    "fdsrc",
    "filesink",
    "identity",
    "queue",
    "tee",
    "valve",
  ],
  "gstreamer1.0-plugins-base": [
    "appsink",
    "audioconvert",
    "audioresample",
    "decodebin",
    "oggdemux",
    "opusdec",
    "opusenc",
    "rawvideoparse",
    "theoradec",
    "uridecodebin",
    "videoconvert",
    "videorate",
    "videoscale",
    "vorbisdec",
  ],
  "gstreamer1.0-plugins-good": [
    "aacparse",
    "aspectratiocrop",
    "avidemux",
    "capssetter",
    "flacdec",
    "flvdemux",
    "jpegdec",
    "jpegenc",
    "matroskademux",
    "mp4mux",
    "mpg123audiodec",
    "qtdemux",
    "mulawenc",
    "rtph264depay",
    "rtph264pay",
    "rtph265depay",
    "rtpjpegdepay",
    "rtpmp4gdepay",
    "rtppcmadepay",
    "rtppcmudepay",
    "videoflip",
    "vp8dec",
    "vp8enc",
    "vp9dec",
    "wavparse",
    "webmmux",
  ],
  "gstreamer1.0-plugins-bad": [
    "h264parse",
    "h265parse",
    "hlsdemux",
    "tsdemux",
    "dashdemux",
    "av1dec",
    "cudadownload",
    "openh264enc",
    "gdppay",
  ],
  "gstreamer1.0-plugins-ugly": ["x264enc"],
  "gstreamer1.0-libav": [
    "avenc_aac",
    "avdec_h264",
    "avdec_h265",
    "avdec_aac",
    "avdec_mjpeg",
    "avdec_mpeg4",
  ],
  "gstreamer1.0-tools": ["gst-launch-1.0", "gst-inspect-1.0"],
  "nvidia-l4t-gstreamer": ["nvvidconv", "nvv4l2decoder", "nvjpegdec"],
};

/** The Debian (on a Jetson: L4T) package of an element, if known. */
export function packageOfElement(
  element: string,
  sources: readonly SourceDescriptor[] = SOURCES,
): string | undefined {
  for (const { packages } of sources) {
    if (packages !== undefined && Object.hasOwn(packages, element)) return packages[element];
  }
  for (const [name, elements] of Object.entries(PACKAGES)) {
    if (elements.includes(element)) return name;
  }
  if (element.startsWith("avdec_")) return "gstreamer1.0-libav";
  return element.startsWith("nv") ? "nvidia-l4t-gstreamer" : undefined;
}

/**
 * The Debian package that decodes what GStreamer describes as missing.
 *
 * @param detail of a `missing-plugin` message: a factory's name, a URI scheme, or caps such as `video/x-h264, …`.
 */
export function packageOfMissing(
  type: string,
  detail: string,
): string | undefined {
  if (type === "element") return packageOfElement(detail);
  if (type === "urisource") return "gstreamer1.0-plugins-good";
  const media = /^[\w-]+\/[\w.+-]+/.exec(detail)?.[0] ?? "";
  if (/^application\/x-rtp/.test(media)) return "gstreamer1.0-plugins-good";
  if (/hls|dash|mpegts/.test(media)) return "gstreamer1.0-plugins-bad";
  if (/matroska|webm|quicktime|avi|flv|multipart|x-wav|x-flac|x-vp[89]|image\/jpeg/.test(media)) {
    return "gstreamer1.0-plugins-good";
  }
  if (/ogg|vorbis|opus|theora|x-raw/.test(media)) return "gstreamer1.0-plugins-base";
  return media === "" ? undefined : "gstreamer1.0-libav";
}

/** "; install it with: apt-get install PACKAGE", or nothing when the package is unknown. */
export function installHint(packageName: string | undefined): string {
  return packageName === undefined ? "" : `; install it with: apt-get install ${packageName}`;
}
