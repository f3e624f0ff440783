import type { HeadKind } from "../core/head_kind.ts";
import type { PipelineState, WhenceEvent } from "../events/event.ts";
import { encodeEvent } from "../events/event_json.ts";
import type { EventFilter } from "./event_filter.ts";
import { EventSieve } from "./event_sieve.ts";
import type { EventMessage, EventPicture, Sink, SinkCounters } from "./sink.ts";

/** A sink that gets some events only, with their pictures, and whose kinds are active only while such an event lasts. */
export class FilteredSink implements Sink {
  readonly #sink: Sink;
  readonly #sieve: EventSieve;
  /** The newest message of each event that passed, by the message that it was made from. */
  readonly #passed = new WeakMap<WhenceEvent, WhenceEvent>();

  constructor(sink: Sink, filter: EventFilter) {
    this.#sink = sink;
    this.#sieve = new EventSieve(filter);
  }

  get name(): string {
    return this.#sink.name;
  }

  get takesPictures(): boolean {
    return this.#sink.takesPictures;
  }

  get capacity(): number | undefined {
    return this.#sink.capacity;
  }

  takesPictureOf(event: WhenceEvent): boolean {
    return this.#passed.has(event);
  }

  open(): Promise<void> {
    return this.#sink.open();
  }

  event({ event, line }: EventMessage): void {
    for (const passing of this.#sieve.take(event)) {
      this.#passed.set(event, passing);
      this.#sink.event(
        passing === event ? { event, line } : { event: passing, line: encodeEvent(passing) },
      );
    }
  }

  state(state: PipelineState): void {
    this.#sink.state(state);
  }

  active(kind: HeadKind, on: boolean): void {
    this.#sink.active(kind, on && this.#sieve.lasts(kind));
  }

  stats(stats: object): void {
    this.#sink.stats(stats);
  }

  picture(picture: EventPicture): void {
    const event = this.#passed.get(picture.event);
    if (event !== undefined) this.#sink.picture({ ...picture, event });
  }

  close(): Promise<void> {
    return this.#sink.close();
  }

  counters(): SinkCounters {
    return this.#sink.counters();
  }

  complaint(): string | undefined {
    return this.#sink.complaint();
  }
}
