import type { Log } from "../../core/log.ts";
import type { Outbox, OutboxMessage } from "../outbox/outbox.ts";
import type { EventMessage } from "../sink.ts";
import { MessageRefusedError, MessageTooLargeError } from "./mqtt_fault.ts";
import type { LinkListener } from "./mqtt_link.ts";
import type { MqttSession } from "./mqtt_session.ts";
import type { MessageProperties } from "./publish_message.ts";

/** What became of the messages of an {@linkcode EventSender}. */
export interface EventSenderCounters {
  readonly sent: number;
  readonly acknowledged: number;
  readonly refused: number;
  /** Of those refused, the ones larger than the broker accepts. */
  readonly oversized: number;
}

/** What an {@linkcode EventSender} needs. */
export interface EventSenderOptions {
  readonly outbox: Outbox;
  readonly qos: 0 | 1;
  readonly properties?: MessageProperties;
  readonly log: Log;
  /** Called after each message that has left the outbox. */
  readonly onSettled?: () => void;
}

/** Empties an outbox into the current connection: in order, at least once, as far ahead as its send window allows. */
export class EventSender implements LinkListener {
  readonly #options: EventSenderOptions;
  #session: MqttSession | undefined;
  /** The connection that has been asked to send the next message. */
  #asked: MqttSession | undefined;
  #reportedDrops = 0;
  #empty: PromiseWithResolvers<void> | undefined;
  #sent = 0;
  #acknowledged = 0;
  #refused = 0;
  #oversized = 0;

  constructor(options: EventSenderOptions) {
    this.#options = options;
  }

  get counters(): EventSenderCounters {
    return {
      sent: this.#sent,
      acknowledged: this.#acknowledged,
      refused: this.#refused,
      oversized: this.#oversized,
    };
  }

  /**
   * Adds one message to the outbox and sends it as soon as possible.
   *
   * @returns its key in the outbox.
   */
  send(topic: string, message: EventMessage): number {
    const { outbox, log } = this.#options;
    const dropped = outbox.dropped;
    const key = outbox.add(topic, message);
    if (outbox.dropped > dropped && this.#reportedDrops === dropped) {
      log(
        "warning",
        `${outbox.bound} event messages wait for the broker, the limit: the oldest events are dropped`,
      );
    }
    this.#pump();
    return key;
  }

  /** Resolves when the outbox is empty. */
  get idle(): Promise<void> {
    if (this.#options.outbox.size === 0) return Promise.resolve();
    this.#empty ??= Promise.withResolvers();
    return this.#empty.promise;
  }

  up(session: MqttSession): void {
    const { outbox, log } = this.#options;
    this.#session = session;
    const lost = outbox.dropped - this.#reportedDrops;
    if (lost > 0) {
      log("warning", `${lost} event messages were dropped while the broker was unavailable`);
    }
    this.#reportedDrops = outbox.dropped;
    this.#pump();
  }

  down(): void {
    this.#session = undefined;
    this.#asked = undefined;
    this.#options.outbox.giveBack();
  }

  /** Asks for one turn at a time, so that events and the newest values of other topics take turns. */
  #pump(): void {
    const session = this.#session;
    if (session === undefined || session === this.#asked) return;
    this.#asked = session;
    void this.#deliverNext(session);
  }

  async #deliverNext(session: MqttSession): Promise<void> {
    const { outbox, qos, properties } = this.#options;
    let message: OutboxMessage | undefined;
    let refusal: MessageRefusedError | undefined;
    try {
      await session.send(() => {
        this.#asked = undefined;
        message = outbox.take();
        if (message === undefined) return undefined;
        this.#sent++;
        this.#pump();
        return { topic: message.topic, payload: message.payload, qos, properties };
      });
    } catch (error) {
      // Anything else is the end of the connection: down() has given or will give the message back.
      if (!(error instanceof MessageRefusedError)) return;
      refusal = error;
    }
    if (message === undefined || session !== this.#session) return;
    if (outbox.acknowledge(message.key)) this.#count(message.topic, refusal);
    this.#options.onSettled?.();
    if (outbox.size > 0) return;
    this.#empty?.resolve();
    this.#empty = undefined;
  }

  #count(topic: string, refusal: MessageRefusedError | undefined): void {
    if (refusal === undefined) {
      this.#acknowledged++;
      return;
    }
    if (refusal instanceof MessageTooLargeError) this.#oversized++;
    if (this.#refused++ === 0) {
      this.#options.log("warning", `The broker refuses events on ${topic}: ${refusal.message}`);
    }
  }
}
