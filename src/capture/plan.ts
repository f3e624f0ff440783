import { existsSync } from "node:fs";
import type { Fit } from "../core/fit_geometry.ts";
import { maskSecrets } from "../core/secrets.ts";
import { CaptureError } from "./capture_error.ts";
import { launchElements } from "./launch_text.ts";
import { audioTail, type FrameFormat, videoTail } from "./sink_bin.ts";
import type { Endless, SourceDescriptor, Stream } from "./source.ts";
import { readAddress, type SourceAddress } from "./source_address.ts";
import type { SourceConfig } from "./source_schema.ts";
import { SOURCES } from "./sources.ts";
import { type Decoding, JETSON, type VideoHardware } from "./video_hardware.ts";

const UNKNOWN: Decoding = { software: false, reason: "" };
const SOFTWARE: Decoding = { software: true, reason: "" };
const ON_JETSON: Decoding = { hardware: JETSON, software: false, reason: "" };

/** Inputs of a plan besides the `source` block. */
export interface PlanOptions {
  readonly width: number;
  readonly height: number;
  readonly sampleRate: number;
  /** Relative paths start here. */
  readonly folder: string;
  /** What decodes video. Default: what GStreamer chooses; on a Jetson, its hardware. */
  readonly decoding?: Decoding;
  /** The known sources. Default: all of them. */
  readonly sources?: readonly SourceDescriptor[];
  /** Element that encodes camera pictures as JPEG. Default: no camera pictures. */
  readonly jpeg?: string;
  /** Whether its reader releases the frames: those that it does not read may then stay unconverted. */
  readonly releases?: boolean;
}

/** How one stream of a plan behaves. */
export interface StreamPlan {
  /** Name of its source in error messages, without secrets. */
  readonly label: string;
  /** Path of the pipeline file's key that names it. */
  readonly path: readonly string[];
  readonly endless: Endless;
}

/** A source worked out down to GStreamer's launch text. */
export interface CapturePlan {
  /** Launch text with appsinks named `video` and `audio`; may hold passwords. */
  readonly launch: string;
  /** The launch text for display, secrets masked. */
  readonly shown: string;
  /** Whether the source paces itself; otherwise it waits for its reader. */
  readonly live: boolean;
  /** Whether there is a branch for camera pictures. */
  readonly pictures: boolean;
  /** When source pictures are made into frames; `when read`: such a frame must be released. */
  readonly converts: "at once" | "when read";
  /** Whether it is captured in a process of its own. */
  readonly isolate: boolean;
  /** How Whence calls GStreamer. */
  readonly binding: SourceConfig["binding"];
  /** Whether the streams wait for each other before they start. */
  readonly together: boolean;
  /** Whether to open the source again after a failure. */
  readonly reopens: boolean;
  /** Whether an error in a recording counts as its end. */
  readonly toleratesDamage: boolean;
  /** Hardware decoders that it may use; empty if it does not use any that is known. */
  readonly hardware: readonly string[];
  /** Element of the launch text that brings pictures of the hardware to main memory. */
  readonly converter?: string;
  /** Whether hardware must not decode it. */
  readonly software: boolean;
  /** The same source decoded in software, for when the hardware fails. */
  readonly fallback?: CapturePlan;
  /** Elements that the launch text needs, including those added at run time as far as known. */
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
  const { width, height, sampleRate } = options;
  const decoding = options.decoding ?? (existsSync("/etc/nv_tegra_release") ? ON_JETSON : UNKNOWN);
  const video = namedSource(source, "video", options);
  const audio = namedSource(source, "audio", options);
  const devices = video.endless === "device" || audio.endless === "device";
  const live = source.pace === "live" || devices;
  const together = !live || (video.endless === "no" && audio.endless === "no");
  const format = { width, height, fit: source.fit, frameRate: source.frame_rate };
  const { jpeg } = options;
  const stamped = source.binding === "superficial";
  if (stamped && video.address.descriptor.picture?.measured) {
    throw new CaptureError(
      `Cannot capture from ${video.label}: source.binding must be ffi for it`,
      ["source", "binding"],
    );
  }
  const isolate = source.isolate || stamped;
  // Pictures of a camera's driver or of hardware must be given back at once: there are few.
  const whenRead = options.releases === true && live && !isolate &&
    video.address.descriptor.picture?.decoded === "any" &&
    hardwareOf(video, decoding) === undefined;
  const launch = launchText(video, audio, {
    live,
    together,
    format,
    sampleRate,
    decoding,
    jpeg,
    stamped,
    whenRead,
  });
  const hardware = hardwareOf(video, decoding);
  const mayFallBack = hardware !== undefined && source.decode !== "hardware" &&
    options.decoding !== undefined && source.graph === undefined;
  const later = [video, audio].flatMap(({ address }) => address.laterElements);
  return {
    ...format,
    sampleRate,
    launch,
    shown: maskSecrets(launch),
    hardware: hardware?.decoders ?? [],
    converter: hardware?.converter,
    software: decoding.software,
    ...(mayFallBack && { fallback: planCapture(source, { ...options, decoding: SOFTWARE }) }),
    elements: [...new Set([...launchElements(launch), ...later])],
    live,
    pictures: jpeg !== undefined,
    converts: whenRead ? "when read" : "at once",
    isolate,
    binding: source.binding,
    together,
    toleratesDamage: source.tolerate_damage,
    reopens: devices || [video, audio].some(({ address }) => address.descriptor.reopens),
    video: streamPlan(video),
    audio: streamPlan(audio),
  };
}

interface NamedSource extends StreamPlan {
  readonly address: SourceAddress;
}

function streamPlan({ label, path, endless }: NamedSource): StreamPlan {
  return { label, path, endless };
}

function namedSource(source: SourceConfig, stream: Stream, options: PlanOptions): NamedSource {
  const key = source.graph !== undefined ? "graph" : source.uri !== undefined ? "uri" : stream;
  const text = source[key];
  if (text === undefined) {
    throw new CaptureError(`Cannot capture: source.${stream} must be given`, ["source"]);
  }
  const path = ["source", key];
  const address = readAddress(text, key, options.folder, options.sources ?? SOURCES);
  const absent = address.absent();
  if (absent !== undefined) throw new CaptureError(absent, path);
  const label = key === "graph" ? "source.graph" : maskSecrets(text);
  return { address, label, path, endless: address.endless };
}

interface LaunchOptions {
  readonly live: boolean;
  readonly together: boolean;
  readonly format: FrameFormat;
  readonly sampleRate: number;
  readonly decoding: Decoding;
  readonly jpeg: string | undefined;
  readonly stamped: boolean;
  readonly whenRead: boolean;
}

function launchText(video: NamedSource, audio: NamedSource, options: LaunchOptions): string {
  const { live, format } = options;
  const decodebin = options.decoding.software ? "decodebin force-sw-decoders=true" : "decodebin";
  const tail = (stream: Stream) =>
    stream === "video" ? videoText(video, options) : audioText(audio, options);
  if (video.address.identity === audio.address.identity) {
    const streams = ["video", "audio"] as const;
    return video.address.launch({ streams, name: "source", live, format, decodebin, tail });
  }
  return [
    video.address.launch({
      streams: ["video"],
      name: "video_source",
      live,
      format,
      decodebin,
      tail,
    }),
    audio.address.launch({
      streams: ["audio"],
      name: "audio_source",
      live,
      format,
      decodebin,
      tail,
    }),
  ].join("  ");
}

function videoText(source: NamedSource, options: LaunchOptions): string {
  const { address, endless } = source;
  const { live, together, format, decoding, jpeg, stamped, whenRead } = options;
  const { tagged, measured } = address.descriptor.picture ?? {};
  const hardware = hardwareOf(source, decoding);
  const mode = { leaky: live, together, paced: live && endless === "no", stamped };
  return videoTail(format, mode, { upright: tagged, hardware, measured, jpeg, whenRead });
}

/** The hardware that a source's video may come from. */
function hardwareOf({ address }: NamedSource, { hardware }: Decoding): VideoHardware | undefined {
  const { decoded } = address.descriptor.picture ?? {};
  if (hardware === undefined) return undefined;
  if (decoded === "jpeg") return hardware.jpeg ? hardware : undefined;
  if (decoded === "any" || hardware.onlyVideoMemory) return decoded && hardware;
  // There is no fallback for a graph: a converter could refuse what its own elements give.
  return decoded && { ...hardware, converter: undefined, format: undefined };
}

function audioText({ endless }: NamedSource, options: LaunchOptions): string {
  const { live, together, sampleRate, stamped } = options;
  return audioTail(sampleRate, {
    leaky: live,
    together,
    paced: live && endless === "no",
    stamped,
  });
}
