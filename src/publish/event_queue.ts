import type { Outbox, OutboxMessage } from "./outbox.ts";

/** Messages an {@linkcode EventQueue} holds unless told otherwise. */
export const EVENT_QUEUE_BOUND = 1_000;

/**
 * An outbox in memory. Full, it drops its oldest message, of those not on their way first; what it holds is lost with
 * the process.
 */
export class EventQueue implements Outbox {
  readonly #bound: number;
  /** In the order of their keys, which only grow. */
  readonly #waiting = new Map<number, OutboxMessage>();
  readonly #onTheirWay = new Map<number, OutboxMessage>();
  #nextKey = 0;
  #dropped = 0;

  /** @param bound Messages held at most, at least 1. */
  constructor(bound: number = EVENT_QUEUE_BOUND) {
    if (!Number.isInteger(bound) || bound < 1) {
      throw new RangeError(
        `Cannot make an event queue: bound must be an integer ≥ 1, got ${bound}`,
      );
    }
    this.#bound = bound;
  }

  get size(): number {
    return this.#waiting.size + this.#onTheirWay.size;
  }

  get dropped(): number {
    return this.#dropped;
  }

  add(topic: string, payload: string): void {
    if (this.size >= this.#bound) {
      const from = this.#waiting.size > 0 ? this.#waiting : this.#onTheirWay;
      const [oldest] = from.keys();
      from.delete(oldest);
      this.#dropped++;
    }
    const key = this.#nextKey++;
    this.#waiting.set(key, { key, topic, payload });
  }

  take(): OutboxMessage | undefined {
    const [message] = this.#waiting.values();
    if (message) {
      this.#waiting.delete(message.key);
      this.#onTheirWay.set(message.key, message);
    }
    return message;
  }

  acknowledge(key: number): boolean {
    return this.#onTheirWay.delete(key);
  }

  giveBack(): void {
    const held = [...this.#onTheirWay, ...this.#waiting];
    this.#onTheirWay.clear();
    this.#waiting.clear();
    for (const [key, message] of held) this.#waiting.set(key, message);
  }

  close(): void {
    this.#dropped += this.size;
    this.#waiting.clear();
    this.#onTheirWay.clear();
  }
}
