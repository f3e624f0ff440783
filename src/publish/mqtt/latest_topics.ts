import { MessageRefusedError } from "./mqtt_fault.ts";
import type { LinkListener } from "./mqtt_link.ts";
import type { MqttSession } from "./mqtt_session.ts";

interface Slot {
  readonly retain: boolean;
  readonly qos: 0 | 1;
  payload: string | Uint8Array;
  /** Whether `payload` has yet to be sent on this connection. */
  fresh: boolean;
  onItsWay: boolean;
}

/**
 * Topics of which only the newest value counts: one message a topic on its way, one waiting, the newer replaces it.
 * Retained values are sent again on each connection; others that come without one are let go.
 */
export class LatestTopics implements LinkListener {
  readonly #slots = new Map<string, Slot>();
  #session: MqttSession | undefined;
  #replaced = 0;
  #settled: PromiseWithResolvers<void> | undefined;

  /** Values that never went out because a newer one came, or no connection was there. */
  get replaced(): number {
    return this.#replaced;
  }

  /**
   * Sets a topic's newest value.
   *
   * @param delivery Must be the same for all values of one topic.
   */
  set(
    topic: string,
    payload: string | Uint8Array,
    delivery: { readonly qos: 0 | 1; readonly retain: boolean },
  ): void {
    const slot = this.#slots.get(topic);
    if (!this.#session && !delivery.retain) {
      this.#replaced++;
      return;
    }
    if (slot) {
      if (slot.fresh) this.#replaced++;
      slot.payload = payload;
      slot.fresh = true;
    } else {
      this.#slots.set(topic, { ...delivery, payload, fresh: true, onItsWay: false });
    }
    this.#pump(topic);
  }

  /** The value set last, whether it has been sent or not. */
  get(topic: string): string | Uint8Array | undefined {
    return this.#slots.get(topic)?.payload;
  }

  /** Resolves when everything set so far has been sent. */
  get idle(): Promise<void> {
    if (!this.#busy) return Promise.resolve();
    this.#settled ??= Promise.withResolvers();
    return this.#settled.promise;
  }

  get #busy(): boolean {
    return this.#slots.values().some((slot) => slot.fresh || slot.onItsWay);
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
      slot.onItsWay = false;
      if (slot.retain) continue;
      if (slot.fresh) this.#replaced++;
      this.#slots.delete(topic);
    }
  }

  #pump(topic: string): void {
    const slot = this.#slots.get(topic);
    if (!slot?.fresh || slot.onItsWay || !this.#session) return;
    slot.fresh = false;
    slot.onItsWay = true;
    void this.#deliver(this.#session, topic, slot);
  }

  async #deliver(session: MqttSession, topic: string, slot: Slot): Promise<void> {
    try {
      await session.publish(topic, slot.payload, slot);
    } catch (error) {
      // A refused value is not sent again; on a lost connection up() sends the retained ones.
      if (!(error instanceof MessageRefusedError)) return;
    }
    if (session !== this.#session) return;
    slot.onItsWay = false;
    this.#pump(topic);
    if (!this.#busy) {
      this.#settled?.resolve();
      this.#settled = undefined;
    }
  }
}
