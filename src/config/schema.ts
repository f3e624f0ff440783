import { z } from "zod";
import { angleSchema, durationSchema, levelSchema } from "./units.ts";

/** Lets a check across keys run although other keys are faulty, so that all faults show at once. */
const onceGood = (...keys: readonly string[]) => ({
  when: (payload: { value: unknown; issues: readonly { path?: PropertyKey[] | undefined }[] }) =>
    typeof payload.value === "object" && payload.value !== null && !Array.isArray(payload.value) &&
    payload.issues.every(({ path }) => path?.length === 0 || !keys.includes(String(path?.[0]))),
});

const durationWithin = (least: string, most: string) => {
  const [from, to] = [durationSchema.parse(least), durationSchema.parse(most)];
  return durationSchema.refine((seconds) => seconds >= from && seconds <= to, {
    message: `must be from ${least} to ${most}`,
  });
};

const unit = z.number().min(0).max(1);
const point = z.tuple([unit, unit]);

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

/** Audio context, step between two inferences, and how far behind now a value becomes final; seconds. */
export const windowSchema = z.strictObject({
  duration: durationWithin("200ms", "60s").prefault("2s").describe(
    "Sound that one inference hears",
  ),
  hop: durationWithin("20ms", "60s").prefault("200ms").describe("Step between two inferences"),
  lookahead: durationSchema.prefault("200ms").describe("How far behind now a value becomes final"),
}).refine((window) => window.hop + window.lookahead <= window.duration + 1e-9, {
  message: "must have hop + lookahead no longer than duration",
  ...onceGood("duration", "hop", "lookahead"),
});
/** A checked `window` block; seconds. */
export type WindowConfig = z.infer<typeof windowSchema>;

/** ONNX Runtime execution providers, in the order they are preferred. */
export const providerSchema = z.enum(["tensorrt", "cuda", "cpu"]);
/** One execution provider's name. */
export type Provider = z.infer<typeof providerSchema>;

/** Which ONNX Runtime library runs the model, and on what. */
export const runtimeSchema = z.strictObject({
  library: z.string().min(1).default("auto").describe(
    "auto: the library shipped with onnxruntime-node; node: its JavaScript API; or a path to libonnxruntime.so",
  ),
  providers: z.array(providerSchema).min(1).default(["tensorrt", "cuda", "cpu"])
    .describe("Execution providers in order of preference"),
  threads: z.int().min(1).max(64).default(2).describe("Threads inside one operator (CPU)"),
  device: z.int().min(0).default(0).describe("GPU index"),
  fp16: z.boolean().default(true).describe("TensorRT: allow half precision"),
  cache: z.string().min(1).optional().describe("Folder for TensorRT engines"),
});
/** A checked `runtime` block. */
export type RuntimeConfig = z.infer<typeof runtimeSchema>;

const trackSchema = (mergeGap: string) =>
  z.strictObject({
    on: unit.default(0.6).describe("An event begins when the score reaches this"),
    off: unit.default(0.4).describe("An event ends when the score falls below this"),
    min_duration: durationSchema.prefault("150ms").describe("Shorter bursts are no events"),
    merge_gap: durationSchema.prefault(mergeGap).describe(
      "Dips shorter than this do not end an event",
    ),
    update_every: durationWithin("20ms", "1h").prefault("500ms").describe(
      "Pause between two update messages",
    ),
  }).refine((track) => track.off <= track.on, {
    message: "must not be above on",
    path: ["off"],
    ...onceGood("on", "off"),
  });

const zoneName = z.string().regex(/^[A-Za-z0-9_-]+$/, "must be letters, digits, _ and -");

/** From scores to events and regions. */
export const detectSchema = z.strictObject({
  sound: trackSchema("300ms").prefault({}),
  speech: trackSchema("200ms").prefault({}),
  gate: levelSchema.prefault("-55dBFS").describe("Quieter than this is silence"),
  region: z.strictObject({
    level: unit.default(0.5).describe("The box holds what is above level × the heat map's peak"),
  }).prefault({}),
  zones: z.record(zoneName, z.array(point).min(3)).default({})
    .describe("Named polygons in coordinates 0..1 of the source picture"),
});
/** A checked `detect` block. */
export type DetectConfig = z.infer<typeof detectSchema>;
/** A checked `detect.sound` or `detect.speech` block; seconds. */
export type TrackConfig = DetectConfig["sound"];

const focal = z.number().positive();

/** Frame id and optics: `hfov`, or a pinhole's `fx`, `fy`, `cx`, `cy` in pixels of the source picture. */
export const cameraSchema = z.strictObject({
  frame_id: z.string().min(1).default("camera").describe("The events' header.frame_id"),
  hfov: angleSchema.refine((angle) => angle > 0 && angle < Math.PI, {
    message: "must be above 0deg and below 180deg",
  }).optional().describe("Horizontal field of view"),
  fx: focal.optional(),
  fy: focal.optional(),
  cx: z.number().min(0).optional(),
  cy: z.number().min(0).optional(),
}).superRefine((camera, context) => {
  const given = [camera.fx, camera.fy, camera.cx, camera.cy].filter((v) => v !== undefined).length;
  if (given !== 0 && given !== 4) {
    context.addIssue({ code: "custom", message: "must have all of fx, fy, cx, cy, or none" });
  } else if (given === 4 && camera.hfov !== undefined) {
    context.addIssue({ code: "custom", message: "must have either hfov or fx, fy, cx, cy" });
  }
}, onceGood("hfov", "fx", "fy", "cx", "cy"));
/** A checked `camera` block; radians and pixels. */
export type CameraConfig = z.infer<typeof cameraSchema>;

/** The MQTT broker and how to reach it. */
export const mqttSchema = z.strictObject({
  url: z.string().regex(
    /^(mqtts?|wss?):\/\/\S+$|^embedded:(\d+)?$/,
    "must be mqtt://HOST[:PORT], mqtts://…, ws://…, wss://…, or embedded:[PORT]",
  ).refine((url) => URL.canParse(url) && Number(/^embedded:(\d*)$/.exec(url)?.[1] ?? 0) <= 65535, {
    message: "must have a host, and a port up to 65535",
    when: ({ issues }) => issues.length === 0,
  }).default("mqtt://localhost:1883"),
  prefix: z.string().regex(
    /^[^+#\s/][^+#\s]*[^+#\s/]$|^[^+#\s/]$/,
    "must be a topic without + # or outer /",
  )
    .default("whence"),
  qos: z.union([z.literal(0), z.literal(1)]).default(1),
  client_id: z.string().min(1).max(128).optional().describe("Default: whence-NAME-random"),
  username: z.string().min(1).optional(),
  password_file: z.string().min(1).optional().describe("File whose first line is the password"),
  ca: z.string().min(1).optional().describe("PEM file of the certificate authority"),
  cert: z.string().min(1).optional().describe("PEM file of the client's certificate"),
  key: z.string().min(1).optional().describe("PEM file of the client's key"),
  heatmap: z.boolean().default(false).describe("Publish heat maps as PNG"),
}).superRefine((mqtt, context) => {
  if ((mqtt.cert === undefined) !== (mqtt.key === undefined)) {
    context.addIssue({ code: "custom", message: "must have both cert and key, or neither" });
  }
}, onceGood("cert", "key")).refine(
  ({ url, ca, cert }) => /^(mqtts|wss):/.test(url) || (ca === undefined && cert === undefined),
  {
    path: ["url"],
    message: "must be mqtts://… or wss://… where a certificate is named",
    ...onceGood("url", "ca", "cert"),
  },
);
/** A checked `publish.mqtt` block. */
export type MqttConfig = z.infer<typeof mqttSchema>;

/** Where events go; at least one sink. */
export const publishSchema = z.strictObject({
  mqtt: mqttSchema.optional(),
  jsonl: z.string().min(1).optional().describe("File that gets one event a line"),
}).refine((publish) => publish.mqtt !== undefined || publish.jsonl !== undefined, {
  message: "must have mqtt, jsonl or both",
  ...onceGood("mqtt", "jsonl"),
});
/** A checked `publish` block. */
export type PublishConfig = z.infer<typeof publishSchema>;

/** One pipeline file. */
export const pipelineSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]+$/, "must be lower-case letters, digits and -")
    .describe("Default: the file's name"),
  source: sourceSchema,
  window: windowSchema.prefault({}),
  model: z.string().min(1).describe("A folder under models/, or a path"),
  runtime: runtimeSchema.prefault({}),
  detect: detectSchema.prefault({}),
  camera: cameraSchema.prefault({}),
  publish: publishSchema.prefault({ mqtt: {} }),
});
/** A checked pipeline with every default filled in. */
export type PipelineConfig = z.infer<typeof pipelineSchema>;
