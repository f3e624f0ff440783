import type { Log } from "../../core/log.ts";
import { MessageRefusedError, MessageTooLargeError } from "./mqtt_fault.ts";
import type { LinkListener } from "./mqtt_link.ts";
import type { MqttSession } from "./mqtt_session.ts";
import type { PublishMessage } from "./publish_message.ts";

interface Slot {
  /** The newest value: messages that belong together, in order. */
  messages: readonly PublishMessage[];
  /** Whether `messages` have yet to be sent on this connection. */
  fresh: boolean;
  sending: boolean;
}

const isRetained = ({ messages }: Slot) => messages[0].retain === true;

/**
 * Topics of which only the newest value counts: per topic one value is being sent and one waits, and a newer one replaces
 * it. Retained values are sent again on each connection; others are discarded while there is none.
 */
export class LatestTopics implements LinkListener {
  readonly #log: Log;
  readonly #slots = new Map<string, Slot>();
  #session: MqttSession | undefined;
  #replaced = 0;
  #oversized = 0;
  #settled: PromiseWithResolvers<void> | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Values that were never sent because a newer one came or there was no connection. */
  get replaced(): number {
    return this.#replaced;
  }

  /** Values that were not sent because the broker does not accept messages that large. */
  get oversized(): number {
    return this.#oversized;
  }

  /**
   * Sets the newest value of a topic.
   *
   * @param message `retain` must be the same for all values of one topic.
   * @param companions sent right after it, with it or not at all.
   */
  set(message: PublishMessage, ...companions: readonly PublishMessage[]): void {
    const { topic, retain } = message;
    if (!this.#session && !retain) {
      this.#replaced++;
      return;
    }
    const messages = [message, ...companions];
    const slot = this.#slots.get(topic);
    if (slot === undefined) {
      this.#slots.set(topic, { messages, fresh: true, sending: false });
    } else {
      if (slot.fresh) this.#replaced++;
      slot.messages = messages;
      slot.fresh = true;
    }
    this.#pump(topic);
  }

  /** The payload that was set last, whether it has been sent or not. */
  get(topic: string): string | Uint8Array | undefined {
    return this.#slots.get(topic)?.messages[0].payload;
  }

  /** Resolves when everything set so far has been sent. */
  get idle(): Promise<void> {
    if (!this.#busy) return Promise.resolve();
    this.#settled ??= Promise.withResolvers();
    return this.#settled.promise;
  }

  get #busy(): boolean {
    return this.#slots.values().some((slot) => slot.fresh || slot.sending);
  }

  up(session: MqttSession): void {
    this.#session = session;
    for (const [topic, slot] of this.#slots) {
      slot.fresh = true;
      this.#pump(topic);
    }
  }

  down(): void {
    this.#session = undefined;
    for (const [topic, slot] of this.#slots) {
      slot.sending = false;
      if (isRetained(slot)) continue;
      if (slot.fresh) this.#replaced++;
      this.#slots.delete(topic);
    }
  }

  #pump(topic: string): void {
    const slot = this.#slots.get(topic);
    if (!slot?.fresh || slot.sending || !this.#session) return;
    slot.sending = true;
    void this.#deliver(this.#session, topic, slot);
  }

  async #deliver(session: MqttSession, topic: string, slot: Slot): Promise<void> {
    try {
      let companions: readonly PublishMessage[] = [];
      await session.send(() => {
        slot.fresh = false;
        const [message, ...rest] = slot.messages;
        companions = rest;
        return message;
      });
      for (const message of companions) await session.send(() => message);
    } catch (error) {
      // A refused value is not sent again; after a lost connection up() sends the retained ones.
      if (!(error instanceof MessageRefusedError)) return;
      this.#refuse(topic, error);
    }
    if (session !== this.#session) return;
    slot.sending = false;
    this.#pump(topic);
    if (!this.#busy) {
      this.#settled?.resolve();
      this.#settled = undefined;
    }
  }

  #refuse(topic: string, error: MessageRefusedError): void {
    if (!(error instanceof MessageTooLargeError)) return;
    if (this.#oversized++ === 0) {
      this.#log("warning", `Cannot publish to ${topic}: ${error.message}`);
    }
  }
}
