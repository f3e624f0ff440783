import { existsSync } from "node:fs";
import type { SourceConfig } from "./source_schema.ts";
import { maskSecrets } from "../core/secrets.ts";
import { CaptureError } from "./capture_error.ts";
import type { Fit } from "../core/fit_geometry.ts";
import { completeGraph } from "./graph_text.ts";
import { type Head, sourceHead, type Stream } from "./source_bin.ts";
import { launchElements } from "./launch_text.ts";
import { parseSourceUrl, type SourceUrl } from "./source_url.ts";
import { audioTail, type FrameFormat, type SinkMode, videoTail } from "./sink_bin.ts";

/** What the model wants, and where the pipeline file lies. */
export interface PlanOptions {
  readonly width: number;
  readonly height: number;
  readonly sampleRate: number;
  /** Relative paths of the source count from here. */
  readonly folder: string;
  /** Default: whether this machine is a Jetson. */
  readonly jetson?: boolean;
}

/** How one stream of a plan behaves. */
export interface StreamPlan {
  /** What error messages call its source; holds no secrets. */
  readonly label: string;
  /** Keys of the pipeline file that name it. */
  readonly path: readonly string[];
  /** A stream that has no end by itself: `device` ends only by failing, `generated` when the other stream ends. */
  readonly endless: "no" | "device" | "generated";
}

/** A source worked out down to GStreamer's launch text. */
export interface CapturePlan {
  /** Launch text with appsinks named `video` and `audio`; may hold passwords. */
  readonly launch: string;
  /** The launch text with its secrets masked, for people. */
  readonly shown: string;
  /** Whether the source paces itself; else it waits for its reader. */
  readonly live: boolean;
  /** Whether nothing flows before both streams have something. */
  readonly together: boolean;
  /** Elements the launch text needs, and those that it is known to need once it runs. */
  readonly elements: readonly string[];
  readonly fit: Fit;
  readonly width: number;
  readonly height: number;
  readonly sampleRate: number;
  readonly frameRate: number;
  readonly video: StreamPlan;
  readonly audio: StreamPlan;
}

/**
 * Works out how a source is captured: one GStreamer pipeline whose appsinks `video` and `audio` give RGB frames of
 * `width × height` and mono 32-bit float samples.
 *
 * @throws {CaptureError} with the path of the faulty key.
 */
export function planCapture(source: SourceConfig, options: PlanOptions): CapturePlan {
  const { width, height, sampleRate, folder } = options;
  const jetson = options.jetson ?? existsSync("/etc/nv_tegra_release");
  const format: FrameFormat = { width, height, fit: source.fit, frameRate: source.frame_rate };
  const wish = { ...format, sampleRate, jetson };
  const common = { width, height, sampleRate, fit: source.fit, frameRate: source.frame_rate };
  if (source.graph !== undefined) {
    const live = source.pace === "live";
    const mode = { leaky: live, paced: live, together: true };
    const launch = completeGraph(
      source.graph,
      videoTail(format, mode, { nvmm: jetson }),
      audioTail(sampleRate, mode),
    );
    const stream = { label: "source.graph", path: ["source", "graph"], endless: "no" } as const;
    const streams = { video: stream, audio: stream };
    return { ...common, ...texts(launch, []), live, together: true, ...streams };
  }
  const video = namedSource(source, "video", folder);
  const audio = namedSource(source, "audio", folder);
  const live = source.pace === "live" || video.endless === "device" || audio.endless === "device";
  const together = !live || (video.endless === "no" && audio.endless === "no");
  const launch = launchText(video, audio, { leaky: live, together }, wish);
  const extra = [video, audio].flatMap(({ url }) => laterElements(url));
  return { ...common, ...texts(launch, extra), live, together, video, audio };
}

interface NamedSource extends StreamPlan {
  readonly url: SourceUrl;
}

interface Wish extends FrameFormat {
  readonly sampleRate: number;
  readonly jetson: boolean;
}

function namedSource(source: SourceConfig, stream: Stream, folder: string): NamedSource {
  const key = source.uri === undefined ? stream : "uri";
  const text = source[key];
  if (text === undefined) {
    throw new CaptureError(`Cannot capture: source.${stream} must be named`, ["source"]);
  }
  const url = parseSourceUrl(text, key, folder);
  return { url, label: maskSecrets(text), path: ["source", key], endless: endless(url) };
}

function endless(url: SourceUrl): StreamPlan["endless"] {
  switch (url.kind) {
    case "file":
      return "no";
    case "http":
      return url.live ? "device" : "no";
    case "pattern":
    case "wave":
      return "generated";
    default:
      return "device";
  }
}

function launchText(
  video: NamedSource,
  audio: NamedSource,
  sinks: Omit<SinkMode, "paced">,
  wish: Wish,
): string {
  const live = sinks.leaky;
  const sameSource = JSON.stringify(video.url) === JSON.stringify(audio.url);
  const head = (source: NamedSource, streams: readonly Stream[], name: string): Head =>
    sourceHead(source.url, streams, name, live, wish);
  const shared = sameSource ? head(video, ["video", "audio"], "source") : undefined;
  const videoHead = shared ?? head(video, ["video"], "video_source");
  const audioHead = shared ?? head(audio, ["audio"], "audio_source");
  const mode = (source: NamedSource): SinkMode => ({
    ...sinks,
    paced: live && source.endless === "no",
  });
  const file = video.url.kind === "file" || video.url.kind === "http";
  const frames = videoTail(wish, mode(video), {
    upright: file,
    nvmm: wish.jetson && (file || video.url.kind === "rtsp"),
    measured: video.url.kind === "argus",
  });
  return [
    videoHead.source,
    shared === undefined ? audioHead.source : "",
    `${videoHead.link.video} ! ${frames}`,
    `${audioHead.link.audio} ! ${audioTail(wish.sampleRate, mode(audio))}`,
  ].filter((part) => part !== "").join("  ");
}

function texts(
  launch: string,
  extra: readonly string[],
): Pick<CapturePlan, "launch" | "shown" | "elements"> {
  const elements = [...new Set([...launchElements(launch), ...extra])];
  return { launch, shown: maskSecrets(launch), elements };
}

const DEMUXERS: Readonly<Record<string, string>> = {
  mkv: "matroskademux",
  webm: "matroskademux",
  mp4: "qtdemux",
  mov: "qtdemux",
  m4a: "qtdemux",
  avi: "avidemux",
  wav: "wavparse",
  ogg: "oggdemux",
  ts: "tsdemux",
};

/** What decodebin or rtspsrc is bound to add once it sees the data. */
function laterElements(url: SourceUrl): string[] {
  if (url.kind === "rtsp") return ["rtpbin", "udpsrc"];
  if (url.kind !== "file") return [];
  const demuxer = DEMUXERS[url.file.slice(url.file.lastIndexOf(".") + 1).toLowerCase()];
  return demuxer === undefined ? [] : [demuxer];
}
