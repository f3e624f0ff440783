import { z } from "zod";
import { onceGood } from "../config/once_good.ts";
import {
  durationSchema,
  durationWithin,
  levelSchema,
  unitSchema as unit,
} from "../config/units.ts";

const point = z.tuple([unit, unit]);

interface TrackDefaults {
  readonly on?: number;
  readonly minDuration?: string;
  readonly mergeGap: string;
}

const trackSchema = ({ on = 0.6, minDuration = "150ms", mergeGap }: TrackDefaults) =>
  z.strictObject({
    on: unit.default(on).describe("An event begins when the score reaches this"),
    off: unit.default(0.4).describe("An event ends when the score falls below this"),
    min_duration: durationSchema.prefault(minDuration).describe("Shorter bursts are ignored"),
    merge_gap: durationSchema.prefault(mergeGap).describe(
      "Dips shorter than this do not end an event",
    ),
    update_every: durationWithin("20ms", "1h").prefault("500ms").describe(
      "Time between two update messages",
    ),
  }).refine((track) => track.off <= track.on, {
    message: "must not be above on",
    path: ["off"],
    ...onceGood("on", "off"),
  });

const zoneName = z.string().regex(/^[A-Za-z0-9_-]+$/, "must be letters, digits, _ and -");

/** How scores become events and regions. */
export const detectSchema = z.strictObject({
  sound: trackSchema({ mergeGap: "300ms" }).prefault({}),
  speech: trackSchema({ mergeGap: "200ms" }).prefault({}),
  unlocated: trackSchema({ on: 0.7, minDuration: "300ms", mergeGap: "500ms" }).optional().describe(
    "Events with `located: false` for what is heard while no place in the picture matches; their score is the model's " +
      "`presence`. Off without this block; `unlocated: {}` takes the defaults.",
  ),
  gate: levelSchema.prefault("-55dBFS").describe("Audio below this level is silence"),
  region: z.strictObject({
    level: unit.default(0.5).describe("The box contains what is above level × the heat map's peak"),
  }).prefault({}),
  zones: z.record(zoneName, z.array(point).min(3)).default({})
    .describe("Named polygons in coordinates 0..1 of the source picture"),
});
/** A checked `detect` block. */
export type DetectConfig = z.infer<typeof detectSchema>;
/** A checked `detect.sound` or `detect.speech` block; seconds. */
export type TrackConfig = DetectConfig["sound"];
