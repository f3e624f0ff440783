import * as foxglove from "@foxglove/schemas/jsonschema";
import { z } from "zod";
import { eventSchema, stateSchema } from "../events/event.ts";
import type { Topic } from "../telemetry/topics.ts";

/** One channel of messages in JSON. */
export interface FoxgloveChannel {
  readonly topic: string;
  readonly schemaName: string;
  /** JSON Schema. */
  readonly schema: string;
}

/** What a pipeline's channels are called. */
export const CHANNELS = [
  "picture",
  "annotations",
  "sound/map",
  "speech/map",
  "scores",
  "event",
  "near_miss",
  "state",
  "log",
  "calibration",
  "transform",
  "scene",
  "audio",
] as const;
/** One of them. */
export type ChannelName = typeof CHANNELS[number];

/** Telemetry that the channels are made from. */
export const CHANNEL_TOPICS = [
  "description",
  "state",
  "log",
  "picture",
  "step",
  "maps",
  "event",
  "near_miss",
  "audio",
] as const satisfies Topic[];

const time = z.strictObject({ sec: z.int(), nsec: z.int() });
const head = z.strictObject({
  score: z.number(),
  ungated: z.number().describe("The score without the gate"),
  similarity: z.number(),
  on: z.number(),
  off: z.number(),
  active: z.boolean(),
});

/** Message of the channel `scores`: one time step. */
const scoresSchema = z.strictObject({
  timestamp: time,
  level: z.number().describe("dBFS"),
  gate: z.number().describe("dBFS"),
  sound: head.optional(),
  speech: head.optional(),
});

/** Message of the channel `near_miss`. */
const nearMissSchema = z.strictObject({
  timestamp: time,
  kind: z.string(),
  reason: z.enum(["below_on", "too_short", "moved", "below_gate"]),
  start: time,
  end: time,
  score: z.number(),
  level: z.number(),
  on: z.number(),
  min_duration: z.number(),
  gate: z.number(),
});

const SCHEMAS: Readonly<Record<ChannelName, readonly [name: string, schema: unknown]>> = {
  picture: ["foxglove.CompressedImage", foxglove.CompressedImage],
  annotations: ["foxglove.ImageAnnotations", foxglove.ImageAnnotations],
  "sound/map": ["foxglove.RawImage", foxglove.RawImage],
  "speech/map": ["foxglove.RawImage", foxglove.RawImage],
  scores: ["whence.Scores", z.toJSONSchema(scoresSchema)],
  event: ["whence.Event", z.toJSONSchema(eventSchema)],
  near_miss: ["whence.NearMiss", z.toJSONSchema(nearMissSchema)],
  state: ["whence.State", z.toJSONSchema(stateSchema)],
  log: ["foxglove.Log", foxglove.Log],
  calibration: ["foxglove.CameraCalibration", foxglove.CameraCalibration],
  transform: ["foxglove.FrameTransform", foxglove.FrameTransform],
  scene: ["foxglove.SceneUpdate", foxglove.SceneUpdate],
  audio: ["foxglove.RawAudio", foxglove.RawAudio],
};

/** The telemetry that each channel is made from, besides the description. */
export const MADE_FROM: Readonly<Record<ChannelName, readonly Topic[]>> = {
  picture: ["picture"],
  // Pixels of the picture.
  annotations: ["event", "picture"],
  "sound/map": ["maps"],
  "speech/map": ["maps"],
  scores: ["step"],
  event: ["event"],
  near_miss: ["near_miss"],
  state: ["state"],
  log: ["log"],
  calibration: ["picture"],
  transform: ["picture"],
  scene: ["event"],
  audio: ["audio"],
};

/** Messages that a reader needs to understand the others; the newest is given to a new reader. */
export const LASTING: readonly ChannelName[] = ["state", "transform", "calibration"];

/** A pipeline's channels; topics are `/PIPELINE/CHANNEL`. */
export function channelsOf(pipeline: string): Record<ChannelName, FoxgloveChannel> {
  return Object.fromEntries(CHANNELS.map((name) => {
    const [schemaName, schema] = SCHEMAS[name];
    return [name, {
      topic: `/${pipeline}/${name}`,
      schemaName,
      schema: JSON.stringify(schema),
    }];
  })) as Record<ChannelName, FoxgloveChannel>;
}
