import { z } from "zod";
import { headKindSchema } from "../core/head_kind.ts";

const unit = z.number().min(0).max(1);
const seconds = z.number();

const labelSchema = z.strictObject({ name: z.string(), score: unit });

/** Why an event ended although its score had not fallen. */
export const endReasonSchema = z.enum(["interrupted", "source_lost", "stopped"]);
/** One such reason. */
export type EndReason = z.infer<typeof endReasonSchema>;

// JSON Schema for the rules that `checkRules` applies; a test validates the same events against both.
const JSON_RULES = {
  allOf: [
    {
      if: { properties: { located: { const: true } } },
      then: { required: ["peak", "box"] },
      else: { properties: { peak: false, box: false, bearing: false } },
    },
    {
      if: { properties: { type: { const: "end" } } },
      else: { properties: { reason: { const: null } } },
    },
  ],
};

/**
 * One message about a sound or a word. Times are capture times; positions are 0..1 of the source picture.
 *
 * `peak`, `box` and `bearing` describe the last 500 ms (or less) before `header.stamp`, not the whole event.
 */
export const eventSchema = z.strictObject({
  schema: z.literal("whence/event/2"),
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
  }).describe("Capture time that this message describes, as a ROS 2 std_msgs/Header"),
  onset: seconds.describe("Capture time, epoch seconds"),
  offset: seconds.nullable().describe("Capture time, epoch seconds; null while the event lasts"),
  duration: seconds.min(0),
  stream: z.strictObject({ onset: seconds, offset: seconds.nullable() })
    .describe("Seconds since the source began; the position in a file"),
  score: unit.describe(
    "Highest calibrated probability so far; never below detect.KIND.on; if not located, the " +
      "highest presence, never below detect.unlocated.on",
  ),
  current_score: unit.describe("Calibrated probability at header.stamp"),
  similarity: z.number().describe("Uncalibrated activation at header.stamp"),
  located: z.boolean().describe(
    "false: something is heard, but nothing in view matches it; no peak, box or bearing",
  ),
  peak: z.tuple([unit, unit]).optional().describe("x, y over the last 500 ms; only if located"),
  box: z.tuple([unit, unit, unit, unit]).optional().describe(
    "x1, y1, x2, y2 over the last 500 ms; only if located",
  ),
  bearing: z.strictObject({ azimuth: z.number(), elevation: z.number() }).optional()
    .describe("Radians, REP 103: left and up positive; only if located and camera optics are set"),
  zones: z.array(z.string()).describe("Zones that contain the peak"),
  labels: z.array(labelSchema).describe("Names from examples, most probable first"),
  media: z.strictObject({ picture: z.string().optional(), clip: z.string().optional() })
    .describe("Recordings of the event"),
  reason: endReasonSchema.nullable().describe(
    "Why an `end` came before the score fell: `interrupted` (the process or the analysis failed), " +
      "`source_lost` or `stopped`; else null",
  ),
  model: z.string().describe("NAME@VERSION"),
  latency_ms: z.number().describe(
    "From the capture of the newest input that this message uses to its publication",
  ),
}).superRefine(checkRules).meta(JSON_RULES);
/** One checked event message. */
export type WhenceEvent = z.infer<typeof eventSchema>;

/** What `checkRules` reads of an event. */
interface RuledKeys {
  readonly type: "new" | "update" | "end";
  readonly located: boolean;
  readonly peak?: unknown;
  readonly box?: unknown;
  readonly bearing?: unknown;
  readonly reason: string | null;
}

function checkRules(event: RuledKeys, context: z.RefinementCtx): void {
  const fault = (key: string, message: string) =>
    context.addIssue({ code: "custom", path: [key], message });
  for (const key of ["peak", "box"] as const) {
    if (event.located && event[key] === undefined) fault(key, "must be set if located is true");
  }
  for (const key of ["peak", "box", "bearing"] as const) {
    if (!event.located && event[key] !== undefined) fault(key, "must be unset if located is false");
  }
  if (event.type !== "end" && event.reason !== null) {
    fault("reason", "must be null unless type is end");
  }
}

/** What a pipeline is doing. */
export const stateSchema = z.strictObject({
  state: z.enum(["starting", "running", "reconnecting", "stopped", "failed"]),
  since: seconds.describe("Epoch seconds"),
  reason: z.string().nullable(),
  providers: z.record(z.string(), z.string()).optional()
    .describe("Execution provider each model part runs on"),
});
/** One checked state message. */
export type PipelineState = z.infer<typeof stateSchema>;
