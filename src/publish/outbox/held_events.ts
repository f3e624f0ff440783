import type { StoredMessage } from "./message_store.ts";

/** What an outbox knows of an event with messages in it. */
export interface HeldEvent {
  readonly id: string;
  /** Messages held. */
  count: number;
  /** When its oldest held message was made, epoch ms. */
  readonly madeMs: number;
  /** Whether a message of it may have reached a consumer: from then on its end must follow. */
  begun: boolean;
  /** Whether its end is held. */
  ended: boolean;
}

/** Clocks before 2024 are not set: the age of a message made then is unknown. */
const CLOCK_SET_MS = Date.UTC(2024);

/** The events whose messages an outbox holds, oldest first: decides which of them may be dropped. */
export class HeldEvents {
  readonly #events = new Map<string, HeldEvent>();
  /** Events that were dropped and have not ended. */
  readonly #dropped = new Set<string>();

  /** Notes an event that was stored by an earlier process. */
  restore(event: HeldEvent): void {
    const former = this.#events.get(event.id);
    if (former === undefined) this.#events.set(event.id, event);
    else {
      former.count += event.count;
      former.begun ||= event.begun;
    }
  }

  /** Notes a message that was added. */
  add({ id, seq, type, madeMs }: StoredMessage): void {
    let event = this.#events.get(id);
    if (event === undefined) {
      event = { id, count: 0, madeMs, begun: seq > 0, ended: false };
      this.#events.set(id, event);
    }
    event.count++;
    event.ended ||= type === "end";
  }

  /** Notes that a message was sent. */
  begin(id: string): void {
    const event = this.#events.get(id);
    if (event !== undefined) event.begun = true;
  }

  /** Notes that a message is no longer held. */
  remove(id: string): void {
    const event = this.#events.get(id);
    if (event !== undefined && --event.count === 0) this.#events.delete(id);
  }

  /** Whether a message belongs to an event that was dropped. */
  refuses({ id, type }: StoredMessage): boolean {
    return type === "end" ? this.#dropped.delete(id) : this.#dropped.has(id);
  }

  /** Forgets an event, so that its later messages are refused. */
  drop({ id, ended }: HeldEvent): void {
    this.#events.delete(id);
    if (!ended) this.#dropped.add(id);
  }

  get(id: string): HeldEvent | undefined {
    return this.#events.get(id);
  }

  /** The oldest event of which nothing has been sent. */
  oldestWhole(): HeldEvent | undefined {
    return this.#events.values().find(({ begun }) => !begun);
  }

  /** Events with messages held of which some were sent, oldest first. */
  begun(): HeldEvent[] {
    return [...this.#events.values()].filter(({ begun }) => begun);
  }

  /** The oldest event of which nothing has been sent, if it was made before a time. */
  expired(beforeMs: number): HeldEvent | undefined {
    const event = this.oldestWhole();
    return event && event.madeMs >= CLOCK_SET_MS && event.madeMs < beforeMs ? event : undefined;
  }

  clear(): void {
    this.#events.clear();
  }
}
