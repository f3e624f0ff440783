import { counted } from "../core/quantities.ts";
import { PublishError } from "./publish_error.ts";
import type { SinkStatus } from "./publisher.ts";

/** The part of a pipeline's stats that {@linkcode deliverySummary} reads. */
export interface SummarizedStats {
  readonly events: { readonly sound: number; readonly speech: number };
  readonly invalid_events: number;
  readonly frames: { readonly dropped: number; readonly overwritten: number };
  readonly audio: { readonly dropped_buffers: number };
  readonly hops: { readonly skipped: number };
  readonly steps: { readonly lost: number };
  readonly sinks: Readonly<Record<string, SinkStatus>>;
}

/** Events that were given to a sink and will not arrive. */
const lostBy = ({ dropped, refused, waiting, stored = 0 }: SinkStatus) =>
  dropped + refused + waiting - stored;

/** One line at the end of a run: what was found, what each sink delivered and lost, and what was dropped before. */
export function deliverySummary(stats: SummarizedStats): string {
  const { events, invalid_events: invalid, frames, audio, hops, steps } = stats;
  const sinks = Object.entries(stats.sinks).map(([name, sink]) => {
    const stored = sink.stored ? `, ${sink.stored} stored for the next start` : "";
    return `${name} ${counted(sink.acknowledged, "message")} delivered, ${
      lostBy(sink)
    } lost${stored}`;
  });
  return [
    `summary: ${counted(events.sound, "sound")}, ${counted(events.speech, "word")}`,
    ...sinks,
    ...invalid === 0 ? [] : [counted(invalid, "invalid event")],
    `dropped: ${counted(frames.dropped + frames.overwritten, "frame")}, ` +
    `${counted(audio.dropped_buffers, "audio buffer")}, ` +
    `${counted(hops.skipped, "hop")}, ${counted(steps.lost, "time step")}`,
  ].join("; ");
}

/**
 * Whether a run delivered its events to one sink at least.
 *
 * @param sinks statuses of the sinks after they were closed.
 * @returns an error if every sink lost events, or never worked.
 */
export function deliveryFailure(
  sinks: Readonly<Record<string, SinkStatus>>,
): PublishError | undefined {
  const entries = Object.entries(sinks);
  const faults = entries.flatMap(([name, sink]) => faultOf(name, sink) ?? []);
  if (entries.length === 0 || faults.length < entries.length) return undefined;
  return new PublishError(faults.join("; "), entries.map(([name]) => name));
}

function faultOf(name: string, sink: SinkStatus): string | undefined {
  const { accepted, acknowledged, complaint } = sink;
  const lost = lostBy(sink);
  const reason = complaint ?? "the broker refused them or the queue was full";
  if (lost > 0) return `Cannot deliver ${lost} of ${accepted} messages to ${name}: ${reason}`;
  if (complaint === null || acknowledged > 0) return undefined;
  const { stored = 0 } = sink;
  return stored === 0
    ? complaint
    : `${complaint}; ${stored} messages are stored for the next start`;
}
