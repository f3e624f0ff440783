import { MessageRefusedError } from "./mqtt_fault.ts";
import type { LinkListener } from "./mqtt_link.ts";
import type { MqttSession } from "./mqtt_session.ts";
import type { Outbox, OutboxMessage } from "../outbox.ts";
import type { Log } from "../../core/log.ts";

const MOST_ON_THEIR_WAY = 16;

/** Empties an outbox into whatever connection is up: in order, at least once, a few messages ahead of the broker. */
export class EventSender implements LinkListener {
  readonly #outbox: Outbox;
  readonly #qos: 0 | 1;
  readonly #log: Log;
  #session: MqttSession | undefined;
  #onTheirWay = 0;
  #toldOfDrops = 0;
  #empty: PromiseWithResolvers<void> | undefined;
  #sent = 0;
  #acknowledged = 0;
  #refused = 0;

  constructor(outbox: Outbox, qos: 0 | 1, log: Log) {
    this.#outbox = outbox;
    this.#qos = qos;
    this.#log = log;
  }

  get counters(): { sent: number; acknowledged: number; refused: number } {
    return { sent: this.#sent, acknowledged: this.#acknowledged, refused: this.#refused };
  }

  /** Puts one message into the outbox and on its way as soon as may be. */
  send(topic: string, payload: string): void {
    const dropped = this.#outbox.dropped;
    this.#outbox.add(topic, payload);
    if (this.#outbox.dropped > dropped && this.#toldOfDrops === dropped) {
      this.#log(
        "warning",
        `Too many events wait for the broker (${this.#outbox.size}): the oldest are dropped`,
      );
    }
    this.#pump();
  }

  /** Resolves when the outbox is empty. */
  get idle(): Promise<void> {
    if (this.#outbox.size === 0) return Promise.resolve();
    this.#empty ??= Promise.withResolvers();
    return this.#empty.promise;
  }

  up(session: MqttSession): void {
    this.#session = session;
    const lost = this.#outbox.dropped - this.#toldOfDrops;
    if (lost > 0) this.#log("warning", `${lost} events were dropped while the broker was away`);
    this.#toldOfDrops = this.#outbox.dropped;
    this.#pump();
  }

  down(): void {
    this.#session = undefined;
    this.#onTheirWay = 0;
    this.#outbox.giveBack();
  }

  #pump(): void {
    while (this.#session && this.#onTheirWay < MOST_ON_THEIR_WAY) {
      const message = this.#outbox.take();
      if (!message) return;
      this.#onTheirWay++;
      void this.#deliver(this.#session, message);
    }
  }

  async #deliver(session: MqttSession, { key, topic, payload }: OutboxMessage): Promise<void> {
    let refusal: string | undefined;
    this.#sent++;
    try {
      await session.publish(topic, payload, { qos: this.#qos });
    } catch (error) {
      // Everything else is the connection's end: down() has given or will give the message back.
      if (!(error instanceof MessageRefusedError)) return;
      refusal = error.message;
    }
    if (session !== this.#session) return;
    this.#onTheirWay--;
    if (this.#outbox.acknowledge(key)) this.#count(topic, refusal);
    if (this.#outbox.size === 0) {
      this.#empty?.resolve();
      this.#empty = undefined;
    }
    this.#pump();
  }

  #count(topic: string, refusal: string | undefined): void {
    if (refusal === undefined) this.#acknowledged++;
    else if (this.#refused++ === 0) {
      this.#log("warning", `The broker refuses events on ${topic}: ${refusal}`);
    }
  }
}
