import { headKindSchema } from "../core/head_kind.ts";
import { z } from "zod";

const unit = z.number().min(0).max(1);
const seconds = z.number();

/** One message about a localised sound or word. Times are capture times; positions are 0..1 of the source picture. */
export const eventSchema = z.strictObject({
  schema: z.literal("whence/event/1"),
  id: z.string().regex(/^\d+\.\d{3}-[0-9a-z]{6}$/).describe(
    "Onset in epoch seconds, then 6 random characters",
  ),
  type: z.enum(["new", "update", "end"]),
  seq: z.int().min(0).describe("Counts the messages of one id from 0"),
  pipeline: z.string(),
  kind: headKindSchema,
  head: z.int().min(0),
  header: z.strictObject({
    stamp: z.strictObject({ sec: z.int(), nanosec: z.int().min(0).max(999_999_999) }),
    frame_id: z.string(),
  }).describe("Capture time this message speaks of, as a ROS 2 std_msgs/Header"),
  onset: seconds.describe("Capture time, epoch seconds"),
  offset: seconds.nullable().describe("Capture time, epoch seconds; null while the event lasts"),
  duration: seconds.min(0),
  stream: z.strictObject({ onset: seconds, offset: seconds.nullable() })
    .describe("Seconds since the source began; the position in a file"),
  score: unit.describe("Calibrated probability now"),
  top_score: unit.describe("Highest score so far"),
  similarity: z.number().describe("Activation now, uncalibrated"),
  peak: z.tuple([unit, unit]),
  box: z.tuple([unit, unit, unit, unit]).describe("x1, y1, x2, y2"),
  bearing: z.strictObject({ azimuth: z.number(), elevation: z.number() }).optional()
    .describe("Radians, REP 103: left and up positive; only with camera optics given"),
  zones: z.array(z.string()),
  labels: z.array(z.string()),
  model: z.string().describe("NAME@VERSION"),
  latency_ms: z.number().describe(
    "From the capture of what this message rests on to its publication",
  ),
});
/** One checked event message. */
export type WhenceEvent = z.infer<typeof eventSchema>;

/** What a pipeline is doing. */
export const stateSchema = z.strictObject({
  state: z.enum(["starting", "running", "reconnecting", "stopped", "failed"]),
  since: seconds.describe("Epoch seconds"),
  reason: z.string().nullable(),
  providers: z.record(z.string(), z.string()).optional()
    .describe("Execution provider each model part really runs on"),
});
/** One checked state message. */
export type PipelineState = z.infer<typeof stateSchema>;
