import type { HeadKind } from "../core/head_kind.ts";
import type { WhenceEvent } from "../events/event.ts";
import { type EventFilter, meets } from "./event_filter.ts";

interface Passed {
  readonly kind: HeadKind;
  /** What the sequence numbers of its messages are reduced by. */
  readonly skipped: number;
}

/**
 * Lets whole events pass. An event passes from the first message on that meets the filter, and then to its end, whatever later
 * messages say. Its first message that passes is its `new` and has the number 0. An event that meets the filter only with its
 * `end` gives both, `new` and `end`, at once.
 */
export class EventSieve {
  readonly #filter: EventFilter;
  readonly #passed = new Map<string, Passed>();

  constructor(filter: EventFilter) {
    this.#filter = filter;
  }

  /** Whether an event of this kind that has passed lasts. */
  lasts(kind: HeadKind): boolean {
    return this.#passed.values().some((passed) => passed.kind === kind);
  }

  /** Takes the next message of any event; returns what passes, `event` itself if it passes as it is. */
  take(event: WhenceEvent): WhenceEvent[] {
    const { id, kind, type, seq } = event;
    const passed = this.#passed.get(id);
    if (passed !== undefined) {
      if (type === "end") this.#passed.delete(id);
      return [passed.skipped === 0 ? event : { ...event, seq: seq - passed.skipped }];
    }
    if (!meets(this.#filter, event)) return [];
    if (type === "end") return [opening(event), { ...event, seq: 1 }];
    this.#passed.set(id, { kind, skipped: seq });
    return [type === "new" ? event : opening(event)];
  }
}

const opening = (event: WhenceEvent): WhenceEvent => ({
  ...event,
  type: "new",
  seq: 0,
  offset: null,
  stream: { ...event.stream, offset: null },
  reason: null,
});
