import { z } from "zod";
import type { WhenceEvent } from "../events/event.ts";

const unit = z.number();
const box = z.tuple([unit, unit, unit, unit]);

/** What really sounds in a clip, when (s from its start) and where (0..1 of the picture). */
export const clipTruthSchema = z.object({
  duration: z.number().positive(),
  events: z.array(z.object({
    kind: z.enum(["sound", "speech"]),
    name: z.string(),
    onset: z.number().min(0),
    offset: z.number().positive(),
    box,
  })),
});
/** One clip's truth. */
export type ClipTruth = z.infer<typeof clipTruthSchema>;

/** What became of one true sound or word. */
export interface TruthFinding {
  readonly truth: ClipTruth["events"][number];
  /** The finished event of its kind that overlaps it longest; undefined when there is none. */
  readonly event: WhenceEvent | undefined;
  /** Whether the event's peak lies in the true box. */
  readonly inPlace: boolean;
}

/** Events against the truth. */
export interface TruthComparison {
  readonly findings: readonly TruthFinding[];
  /** Finished events that overlap nothing of their kind. */
  readonly spurious: readonly WhenceEvent[];
}

/** Compares the finished events of one run of a clip with what the clip really holds. */
export function compareWithTruth(
  events: readonly WhenceEvent[],
  truth: ClipTruth,
): TruthComparison {
  const ended = events.filter(({ type }) => type === "end");
  const findings = truth.events.map((true_) => {
    const rivals = ended
      .filter(({ kind }) => kind === true_.kind)
      .map((event) => ({ event, seconds: overlap(event, true_) }))
      .filter(({ seconds }) => seconds > 0)
      .toSorted((a, b) => b.seconds - a.seconds);
    const event = rivals[0]?.event;
    return { truth: true_, event, inPlace: event !== undefined && inside(event.peak, true_.box) };
  });
  const spurious = ended.filter((event) =>
    !truth.events.some((true_) => true_.kind === event.kind && overlap(event, true_) > 0)
  );
  return { findings, spurious };
}

function overlap({ stream }: WhenceEvent, truth: ClipTruth["events"][number]): number {
  return Math.min(stream.offset ?? Infinity, truth.offset) - Math.max(stream.onset, truth.onset);
}

function inside([x, y]: WhenceEvent["peak"], [x1, y1, x2, y2]: z.infer<typeof box>): boolean {
  return x1 <= x && x <= x2 && y1 <= y && y <= y2;
}
