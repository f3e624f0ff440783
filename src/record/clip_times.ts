import type { TelemetryEvent } from "../telemetry/topics.ts";
import type { ClipFindings } from "./clip_findings.ts";
import type { ScoreCurves } from "./score_chart.ts";

/** One event of a clip, from its messages; times in s of the clip. */
export interface ClipEvent {
  readonly messages: readonly TelemetryEvent[];
  /** The newest message, which is the `end` in a clip that was read to its end. */
  readonly last: TelemetryEvent;
  readonly onset: number;
  readonly offset: number;
  /** Where the score is highest. */
  readonly peakTime: number;
}

/** The events of a clip by onset. */
export function clipEvents({ events, steps }: ClipFindings): ClipEvent[] {
  const byId = Map.groupBy(events, ({ event }) => event.id);
  return [...byId.values()].map((messages) => {
    const last = messages[messages.length - 1];
    const { head, stream } = last.event;
    const offset = stream.offset ?? last.ptsNs / 1e9;
    let peakTime = stream.onset;
    let highest = -1;
    for (const { step } of steps) {
      const seconds = step.ptsNs / 1e9;
      if (seconds < stream.onset || seconds > offset) continue;
      if (step.heads[head].score > highest) {
        highest = step.heads[head].score;
        peakTime = seconds;
      }
    }
    return { messages, last, onset: stream.onset, offset, peakTime };
  }).toSorted((a, b) => a.onset - b.onset);
}

/** The message that describes an event at a time: each describes what came just before it. */
export function messageAt({ messages, last }: ClipEvent, seconds: number): TelemetryEvent {
  return messages.find(({ ptsNs }) => ptsNs / 1e9 >= seconds) ?? last;
}

/** The curves of a clip's scores and level. */
export function curvesOf(
  { steps, description }: ClipFindings,
  events: readonly ClipEvent[],
): ScoreCurves {
  return {
    heads: description.heads.map(({ kind }, k) => ({
      kind,
      on: steps[0]?.step.heads[k].on ?? 0,
      off: steps[0]?.step.heads[k].off ?? 0,
      scores: steps.map(({ step }) => step.heads[k].score),
    })),
    times: steps.map(({ step }) => step.ptsNs / 1e9),
    levels: steps.map(({ step }) => step.level),
    gate: steps[0]?.step.gate ?? 0,
    events: events.map(({ last, onset, offset }) => ({ kind: last.event.kind, onset, offset })),
  };
}
