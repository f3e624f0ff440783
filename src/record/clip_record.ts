import { z } from "zod";
import { headKindSchema } from "../core/head_kind.ts";
import { eventSchema } from "../events/event.ts";
import type { ClipFindings } from "./clip_findings.ts";
import { clipEvents, curvesOf } from "./clip_times.ts";

const numbers = z.array(z.number());

/** What is kept of a finished clip, in `NAME.json`: the report is made from it, and the clip is not analyzed again. */
export const clipRecordSchema = z.strictObject({
  schema: z.literal("whence/clip/1"),
  /** Equal for runs with the same clip, model and settings. */
  key: z.string(),
  clip: z.string(),
  model: z.string(),
  /** Analyzed seconds. */
  duration: z.number(),
  /** File names in the same folder. */
  video: z.string(),
  feature_videos: z.array(z.string()).default([]),
  pictures: z.record(z.string(), z.string()),
  curves: z.strictObject({
    heads: z.array(
      z.strictObject({ kind: headKindSchema, on: z.number(), off: z.number(), scores: numbers }),
    ),
    times: numbers,
    levels: numbers,
    gate: z.number(),
    events: z.array(
      z.strictObject({ kind: headKindSchema, onset: z.number(), offset: z.number() }),
    ),
  }),
  /** All messages, in order. */
  messages: z.array(eventSchema),
  near_misses: z.array(z.strictObject({
    kind: headKindSchema,
    reason: z.enum(["below_on", "too_short", "moved", "below_gate"]),
    start: z.number(),
    end: z.number(),
    score: z.number(),
    level: z.number(),
    active_seconds: z.number(),
    on: z.number(),
    min_duration: z.number(),
    gate: z.number(),
  })),
});
/** One finished clip. */
export type ClipRecord = z.infer<typeof clipRecordSchema>;
/** Something in a clip that came close to an event; times in s. */
export type ClipNearMiss = ClipRecord["near_misses"][number];

const rounded = (value: number, decimals = 4) => Number(value.toFixed(decimals));

/** The record of a clip. */
export function clipRecord(
  findings: ClipFindings,
  files: Pick<ClipRecord, "key" | "clip" | "video" | "feature_videos" | "pictures">,
): ClipRecord {
  const { description, events, nearMisses, steps } = findings;
  const curves = curvesOf(findings, clipEvents(findings));
  return {
    schema: "whence/clip/1",
    ...files,
    model: description.model,
    duration: rounded((steps.at(-1)?.step.ptsNs ?? 0) / 1e9 + description.stepSeconds / 2, 3),
    curves: {
      ...curves,
      heads: curves.heads.map((head) => ({ ...head, scores: head.scores.map((s) => rounded(s)) })),
      times: curves.times.map((time) => rounded(time, 3)),
      // Digital silence has no level in JSON.
      levels: curves.levels.map((level) => rounded(Math.max(-120, level), 1)),
      events: [...curves.events],
    },
    messages: events.map(({ event }) => event),
    near_misses: nearMisses.map((miss) => ({
      kind: miss.kind,
      reason: miss.reason,
      start: rounded(miss.startNs / 1e9, 3),
      end: rounded(miss.endNs / 1e9, 3),
      score: rounded(miss.score),
      level: rounded(Math.max(-120, miss.level), 1),
      active_seconds: rounded(miss.activeSeconds, 3),
      on: miss.on,
      min_duration: miss.minDuration,
      gate: miss.gate,
    })),
  };
}

/** The newest message of each event, by onset. */
export function lastMessages({ messages }: ClipRecord): ClipRecord["messages"] {
  return [...new Map(messages.map((event) => [event.id, event])).values()]
    .toSorted((a, b) => a.stream.onset - b.stream.onset);
}

/** Why a near miss did not become an event, with the settings that would have to change. */
export function nearMissText(miss: ClipNearMiss): string {
  switch (miss.reason) {
    case "below_on":
      return `score ${miss.score.toFixed(2)} stayed below on ${miss.on}`;
    case "too_short":
      return `shorter than min_duration ${miss.min_duration} s`;
    case "moved":
      return "the peak moved within min_duration";
    case "below_gate":
      return `level ${miss.level.toFixed(0)} dBFS is below gate ${miss.gate} dBFS`;
  }
}
