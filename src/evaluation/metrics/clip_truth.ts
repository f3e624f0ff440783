import { headKindSchema } from "../../core/head_kind.ts";
import { z } from "zod";
import type { WhenceEvent } from "../../events/event.ts";

const unit = z.number();
const box = z.tuple([unit, unit, unit, unit]);

/** The true sounds and words of a clip: when (s from its start) and where (0..1 of the picture). */
export const clipTruthSchema = z.object({
  duration: z.number().positive(),
  events: z.array(z.object({
    kind: headKindSchema,
    name: z.string(),
    onset: z.number().min(0),
    offset: z.number().positive(),
    box,
  })),
});
/** One clip's truth. */
export type ClipTruth = z.infer<typeof clipTruthSchema>;

/** How one true sound or word was detected. */
export interface TruthFinding {
  readonly truth: ClipTruth["events"][number];
  /** The finished event of the same kind that covers at least 30 % of it and matches nothing else better, if any. */
  readonly event: WhenceEvent | undefined;
  /** Whether the event's peak is inside the true box. */
  readonly inPlace: boolean;
}

/** Events compared with the truth. */
export interface TruthComparison {
  readonly findings: readonly TruthFinding[];
  /** Finished events that match nothing: false positives. */
  readonly spurious: readonly WhenceEvent[];
}

/** Share of a true sound or word that an event must cover to match it. */
const LEAST_COVER = 0.3;

/** Compares the finished events of one run of a clip with its truth; each event matches one sound or word at most. */
export function compareWithTruth(
  events: readonly WhenceEvent[],
  truth: ClipTruth,
): TruthComparison {
  const ended = events.filter(({ type }) => type === "end");
  const pairs = truth.events.flatMap((real) =>
    ended
      .filter(({ kind }) => kind === real.kind)
      .map((event) => ({ real, event, cover: cover(event, real) }))
      .filter((pair) => pair.cover >= LEAST_COVER)
  ).toSorted((a, b) => b.cover - a.cover);
  const matches = new Map<ClipTruth["events"][number], WhenceEvent>();
  const used = new Set<WhenceEvent>();
  for (const { real, event } of pairs) {
    if (matches.has(real) || used.has(event)) continue;
    matches.set(real, event);
    used.add(event);
  }
  const findings = truth.events.map((real) => {
    const event = matches.get(real);
    return { truth: real, event, inPlace: event !== undefined && inside(event, real.box) };
  });
  return { findings, spurious: ended.filter((event) => !used.has(event)) };
}

function cover({ stream }: WhenceEvent, real: ClipTruth["events"][number]): number {
  const end = Math.min(stream.offset ?? Infinity, real.offset);
  return (end - Math.max(stream.onset, real.onset)) / (real.offset - real.onset);
}

function inside({ peak }: WhenceEvent, [x1, y1, x2, y2]: z.infer<typeof box>): boolean {
  if (!peak) return false;
  const [x, y] = peak;
  return x1 <= x && x <= x2 && y1 <= y && y <= y2;
}
