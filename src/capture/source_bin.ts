import { fitGeometry } from "../core/fit_geometry.ts";
import { quoted } from "./launch_text.ts";
import type { SourceUrl } from "./source_url.ts";
import { type FrameFormat, PICTURE } from "./sink_bin.ts";

/** A stream of a source. */
export type Stream = "video" | "audio";

/** Encoded data that a demultiplexer may run ahead in one stream while it looks for the other; badly interleaved files need it. */
const INTERLEAVE_BYTES = 128 * 2 ** 20;
const RTSP_LATENCY_MS = 200;
/** Sound comes in pieces of 20 ms; the queue keeps the driver's thread free. */
const MICROPHONE = "latency-time=20000 ! queue";
/** Sensor mode asked of a Jetson's CSI camera: the largest that every common sensor has. */
const ARGUS = { width: 1920, height: 1080 };

/**
 * What a USB camera is asked for, best first. Left to itself it takes the largest picture that it has, mostly at 5 Hz;
 * models see a few hundred pixels.
 */
const WEBCAM = [
  ...["640,height=480", "640,height=360"].map((size) => `video/x-raw,width=${size},framerate=30/1`),
  "image/jpeg,width=1280,height=720,framerate=30/1",
  "video/x-raw",
  "image/jpeg",
  "video/x-h264",
].join(";");

/** Launch text that brings in one source, and for each stream the text from which its tail goes on. */
export interface Head {
  readonly source: string;
  readonly link: Readonly<Partial<Record<Stream, string>>>;
}

/**
 * The launch text that opens a source and decodes the wanted streams.
 *
 * @param name what its elements are called, so that errors say whose they are.
 * @param live whether sources that make their own data do so at the clock's pace.
 */
export function sourceHead(
  url: SourceUrl,
  streams: readonly Stream[],
  name: string,
  live: boolean,
  format: FrameFormat,
): Head {
  const chain = (text: string): Head => ({ source: "", link: { [streams[0]]: text } });
  switch (url.kind) {
    case "file":
      return decoded(`filesrc name=${name} location=${quoted(url.file)}`, streams, name);
    case "http":
      return url.live
        ? webCamera(url.url, streams, name)
        : decoded(`souphttpsrc name=${name} location=${quoted(url.url)}`, streams, name);
    case "rtsp":
      return rtsp(url.url, streams, name);
    case "v4l2":
      return decoded(
        `v4l2src name=${name} device=${quoted(url.device)} ! capsfilter caps="${WEBCAM}" ! queue`,
        streams,
        name,
      );
    case "argus":
      return chain(argus(url.sensor, name, format));
    case "alsa":
      // Some devices stamp with another clock than the system's.
      return chain(
        `alsasrc name=${name} device=${
          quoted(url.device)
        } use-driver-timestamps=false ${MICROPHONE}`,
      );
    case "pulse": {
      const device = url.device === "" ? "" : ` device=${quoted(url.device)}`;
      return chain(`pulsesrc name=${name}${device} ${MICROPHONE}`);
    }
    case "pattern":
      return chain(
        `videotestsrc name=${name} pattern=${url.pattern} is-live=${live} ! video/x-raw,width=640,height=360,framerate=30/1`,
      );
    case "wave":
      return chain(
        `audiotestsrc name=${name} wave=${url.wave} is-live=${live} samplesperbuffer=320 ! audio/x-raw,rate=16000`,
      );
  }
}

function decoded(source: string, streams: readonly Stream[], name: string): Head {
  const caps = streams.map((stream) => `${stream}/x-raw(ANY)`).join(";");
  const decoder = `${name}_decoder`;
  return {
    source: `${source} ! decodebin name=${decoder} expose-all-streams=false caps="${caps}" ` +
      `max-size-bytes=${INTERLEAVE_BYTES}`,
    link: Object.fromEntries(streams.map((stream) => [stream, `${decoder}.`])),
  };
}

/** What a web server sends without end: a picture alone comes as JPEG after JPEG, the way network cameras do it. */
function webCamera(url: string, streams: readonly Stream[], name: string): Head {
  const source = `souphttpsrc name=${name} location=${quoted(url)} is-live=true do-timestamp=true`;
  const pictures = streams.length === 1 && streams[0] === "video";
  return decoded(
    pictures ? `${source} ! multipartdemux single-stream=true` : source,
    streams,
    name,
  );
}

function rtsp(url: string, streams: readonly Stream[], name: string): Head {
  return {
    source: `rtspsrc name=${name} location=${quoted(url)} latency=${RTSP_LATENCY_MS} ` +
      `protocols=tcp+udp timeout=3000000 tcp-timeout=10000000`,
    link: Object.fromEntries(
      streams.map((
        stream,
      ) => [
        stream,
        `${name}. ! application/x-rtp,media=${stream} ! decodebin name=${stream}_decoder`,
      ]),
    ),
  };
}

function argus(sensor: number, name: string, format: FrameFormat): string {
  const { width, height } = ARGUS;
  const fit = fitGeometry(
    { width, height, parN: 1, parD: 1 },
    format.fit,
    format.width,
    format.height,
  );
  const scaled = `width=${Math.round(fit.scaleX * format.width)},height=${
    Math.round(fit.scaleY * format.height)
  }`;
  return [
    `nvarguscamerasrc name=${name} sensor-id=${sensor}`,
    `video/x-raw(memory:NVMM),width=${width},height=${height},framerate=30/1`,
    `nvvidconv name=${PICTURE}`,
    `video/x-raw,format=BGRx,${scaled}`,
  ].join(" ! ");
}
