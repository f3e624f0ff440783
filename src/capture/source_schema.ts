import { z } from "zod";
import { onceGood } from "../config/once_good.ts";
import { SOURCE_KEYS, type SourceDescriptor, type SourceKey } from "./source.ts";
import { addressFault, usageOf } from "./source_address.ts";
import { SOURCES } from "./sources.ts";
import { DECODE_MODES } from "./video_hardware.ts";

/** The schema of a `source` block (`uri`, or `video` and `audio`, or `graph`) with the given sources. */
export function sourceSchemaOf(sources: readonly SourceDescriptor[]) {
  const named = (key: SourceKey, what: string) =>
    z.string().min(1).superRefine((text, context) => {
      const message = text === "" ? undefined : addressFault(text, key, sources);
      if (message !== undefined) context.addIssue({ code: "custom", message });
    }).optional().describe(`${what}: ${usageOf(key, sources)}`);
  return z.strictObject({
    uri: named("uri", "Video and audio"),
    video: named("video", "Video"),
    audio: named("audio", "Audio"),
    graph: named("graph", "Video and audio"),
    pace: z.enum(["live", "fast"]).default("live")
      .describe(
        "Recordings: in real time, or as fast as inference allows without dropping anything",
      ),
    fit: z.enum(["letterbox", "crop", "stretch"]).default("letterbox")
      .describe("How the picture is fitted to the model's input"),
    frame_rate: z.number().min(0.5).max(60).default(10).describe(
      "Frames per second for the model",
    ),
    decode: z.enum(DECODE_MODES).default("auto").describe(
      "Video decoding: auto: in hardware if a known hardware decoder is installed, in software if not or if it fails; " +
        "hardware: fail where no known hardware decoder is installed; software: never in hardware",
    ),
    tolerate_damage: z.boolean().default(false).describe(
      "Damaged recordings with `pace: fast`: whether to warn instead of failing",
    ),
    isolate: z.boolean().default(false).describe(
      "Whether to capture in a child process: a decoder or driver that crashes or hangs costs this source about two seconds",
    ),
    binding: z.enum(["ffi", "superficial"]).default("ffi").describe(
      "How Whence calls GStreamer: `ffi`, Deno's FFI; `superficial`, node-gstreamer-superficial in a child process of Node.js " +
        "(`whence setup superficial`)",
    ),
  }).superRefine((source, context) => {
    const ways = [source.uri, source.video ?? source.audio, source.graph]
      .filter((way) => way !== undefined);
    if (ways.length !== 1) {
      context.addIssue({
        code: "custom",
        message: "must have exactly one of: uri; video and audio; graph",
      });
    } else if ((source.video === undefined) !== (source.audio === undefined)) {
      const missing = source.video === undefined ? "video" : "audio";
      context.addIssue({
        code: "custom",
        message: `must name ${missing} too (audio: silence:// for none)`,
      });
    }
  }, onceGood(...SOURCE_KEYS));
}

/** The schema of a `source` block with all sources. */
export const sourceSchema = sourceSchemaOf(SOURCES);
/** A checked `source` block. */
export type SourceConfig = z.infer<typeof sourceSchema>;
