import { decodeEvent } from "../../events/event_json.ts";
import type { WhenceEvent } from "../../events/event.ts";

/** The `end` of an event whose process was killed: it ended, as far as is known, with its last message. */
export function interruptedEnd(last: WhenceEvent, nowMs: number): WhenceEvent {
  const { sec, nanosec } = last.header.stamp;
  return {
    ...last,
    type: "end",
    seq: last.seq + 1,
    offset: last.onset + last.duration,
    stream: { onset: last.stream.onset, offset: last.stream.onset + last.duration },
    reason: "interrupted",
    latency_ms: Math.max(0, nowMs - sec * 1000 - nanosec / 1e6),
  };
}

/** Reads a stored event; undefined if a version with another schema wrote it. */
export function readEvent(line: string): WhenceEvent | undefined {
  try {
    return decodeEvent(line);
  } catch {
    return undefined;
  }
}
