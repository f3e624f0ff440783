import type { Outbox, OutboxMessage } from "./outbox.ts";

/** Messages that an {@linkcode EventQueue} holds by default. */
export const EVENT_QUEUE_BOUND = 1_000;

/**
 * An outbox in memory. When full, it drops its oldest message, preferably one that is not in flight; what it holds is
 * lost with the process.
 */
export class EventQueue implements Outbox {
  readonly #bound: number;
  /** In ascending order of keys. */
  readonly #waiting = new Map<number, OutboxMessage>();
  readonly #inFlight = new Map<number, OutboxMessage>();
  #nextKey = 0;
  #dropped = 0;

  /** @param bound messages held at most, at least 1. */
  constructor(bound: number = EVENT_QUEUE_BOUND) {
    if (!Number.isInteger(bound) || bound < 1) {
      throw new RangeError(
        `Cannot make an event queue: bound must be an integer ≥ 1, got ${bound}`,
      );
    }
    this.#bound = bound;
  }

  get size(): number {
    return this.#waiting.size + this.#inFlight.size;
  }

  get dropped(): number {
    return this.#dropped;
  }

  add(topic: string, payload: string): number {
    if (this.size >= this.#bound) {
      const from = this.#waiting.size > 0 ? this.#waiting : this.#inFlight;
      const [oldest] = from.keys();
      from.delete(oldest);
      this.#dropped++;
    }
    const key = this.#nextKey++;
    this.#waiting.set(key, { key, topic, payload });
    return key;
  }

  take(): OutboxMessage | undefined {
    const [message] = this.#waiting.values();
    if (message) {
      this.#waiting.delete(message.key);
      this.#inFlight.set(message.key, message);
    }
    return message;
  }

  acknowledge(key: number): boolean {
    return this.#inFlight.delete(key);
  }

  holds(key: number): boolean {
    return this.#waiting.has(key) || this.#inFlight.has(key);
  }

  giveBack(): void {
    const held = [...this.#inFlight, ...this.#waiting];
    this.#inFlight.clear();
    this.#waiting.clear();
    for (const [key, message] of held) this.#waiting.set(key, message);
  }

  close(): void {
    this.#dropped += this.size;
    this.#waiting.clear();
    this.#inFlight.clear();
  }
}
