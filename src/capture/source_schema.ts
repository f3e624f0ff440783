import { z } from "zod";
import { onceGood } from "../config/once_good.ts";

/** Where frames and samples come from: `uri`, or `video` + `audio`, or `graph`. */
export const sourceSchema = z.strictObject({
  uri: z.string().min(1).optional()
    .describe("File path, file:, rtsp:, http: or https: that carries picture and sound"),
  video: z.string().min(1).optional()
    .describe("v4l2:///dev/video0, argus://0, rtsp:, http:, a file, or test://PATTERN"),
  audio: z.string().min(1).optional()
    .describe("alsa://hw:1,0, pulse://, rtsp:, http:, a file, test://WAVE, or silence://"),
  graph: z.string().min(1).optional()
    .describe("GStreamer launch text with appsinks named video and audio"),
  pace: z.enum(["live", "fast"]).default("live")
    .describe("Files: at their own pace, or as fast as inference allows with nothing dropped"),
  fit: z.enum(["letterbox", "crop", "stretch"]).default("letterbox")
    .describe("How the picture is brought to the model's shape"),
  frame_rate: z.number().min(0.5).max(60).default(10).describe("Frames a second fed to the model"),
}).superRefine((source, context) => {
  const ways = [source.uri, source.video ?? source.audio, source.graph].filter((w) =>
    w !== undefined
  );
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
}, onceGood("uri", "video", "audio", "graph"));
/** A checked `source` block. */
export type SourceConfig = z.infer<typeof sourceSchema>;
