import type { Buffer } from "node:buffer";
import { Readable } from "node:stream";
import type { Client, Subscription } from "aedes";
// @ts-types="aedes-persistence/types/asyncPersistence.d.ts"
import MemoryPersistence from "aedes-persistence/asyncPersistence.js";

/** A message as aedes stores it. */
type Packet = Parameters<MemoryPersistence["storeRetained"]>[0] & {
  topic: string;
  payload: string | Buffer;
  messageId?: number;
};

/** What a {@linkcode BoundedStore} holds at most. */
export interface StoreLimits {
  /** Messages queued for one client with a persistent session. */
  readonly queuedMessages: number;
  /** Payload bytes in all these queues together. */
  readonly queuedBytes: number;
  /** Persistent sessions. */
  readonly sessions: number;
  /** Retained messages of topics that are not exempt. */
  readonly retainedMessages: number;
  /** Payload bytes of these retained messages together. */
  readonly retainedBytes: number;
}

/** Limits of the embedded broker: about 32 MB at most. */
export const STORE_LIMITS: StoreLimits = {
  queuedMessages: 1_000,
  queuedBytes: 16_000_000,
  sessions: 100,
  retainedMessages: 1_000,
  retainedBytes: 16_000_000,
};

interface Queue {
  readonly packets: Packet[];
  bytes: number;
}

const sizeOf = ({ payload }: Packet) => payload.length;

/**
 * The memory of an aedes broker, bounded: a full queue drops its oldest message, a session too many ends the oldest session
 * whose client is absent, and a retained message too many is delivered but not kept.
 */
export class BoundedStore extends MemoryPersistence {
  readonly #limits: StoreLimits;
  readonly #isExempt: (topic: string) => boolean;
  readonly #isConnected: (clientId: string) => boolean;
  readonly #queues = new Map<string, Queue>();
  #queuedBytes = 0;
  /** Client ids, oldest session first. */
  readonly #sessions = new Set<string>();
  /** Payload sizes by topic. */
  readonly #retained = new Map<string, number>();
  #retainedBytes = 0;
  #dropped = 0;

  /**
   * @param isExempt whether a topic's retained message is always kept.
   * @param isConnected whether a client is connected now.
   */
  constructor(
    isExempt: (topic: string) => boolean,
    isConnected: (clientId: string) => boolean,
    limits: StoreLimits = STORE_LIMITS,
  ) {
    super();
    this.#isExempt = isExempt;
    this.#isConnected = isConnected;
    this.#limits = limits;
  }

  /** Messages that were dropped or not retained because of a limit. */
  get dropped(): number {
    return this.#dropped;
  }

  override async storeRetained(packet: Packet): Promise<void> {
    const { topic } = packet;
    if (this.#isExempt(topic)) return await super.storeRetained(packet);
    const size = sizeOf(packet);
    const former = this.#retained.get(topic);
    const bytes = this.#retainedBytes - (former ?? 0) + size;
    const count = this.#retained.size + (former === undefined ? 1 : 0);
    const { retainedMessages, retainedBytes } = this.#limits;
    if (size > 0 && (count > retainedMessages || bytes > retainedBytes)) {
      this.#dropped++;
      return;
    }
    this.#retainedBytes = bytes;
    if (size === 0) this.#retained.delete(topic);
    else this.#retained.set(topic, size);
    await super.storeRetained(packet);
  }

  override async addSubscriptions(client: Client, subs: Subscription[]): Promise<void> {
    this.#sessions.add(client.id);
    if (this.#sessions.size > this.#limits.sessions) {
      const oldest = this.#sessions.values().find((id) => !this.#isConnected(id));
      if (oldest !== undefined) await this.#endSession(oldest);
    }
    await super.addSubscriptions(client, subs);
  }

  override async removeSubscriptions(client: Client, topics: string[]): Promise<void> {
    await super.removeSubscriptions(client, topics);
    const left = await super.subscriptionsByClient(client);
    if (left.length === 0) this.#sessions.delete(client.id);
  }

  override async cleanSubscriptions(client: Client): Promise<void> {
    this.#sessions.delete(client.id);
    await super.cleanSubscriptions(client);
  }

  // The queues are kept here, since those of the base class cannot be shortened.

  override outgoingEnqueue(client: { clientId: string }, packet: Packet): Promise<void> {
    return this.outgoingEnqueueCombi([client], packet);
  }

  // deno-lint-ignore require-await
  override async outgoingEnqueueCombi(
    clients: { clientId: string }[],
    packet: Packet,
  ): Promise<void> {
    for (const { clientId } of clients) this.#enqueue(clientId, packet);
  }

  // deno-lint-ignore require-await
  override async outgoingUpdate({ id }: Client, packet: Packet): Promise<void> {
    const packets = this.#queues.get(id)?.packets ?? [];
    const { brokerId, brokerCounter, messageId } = packet;
    const at = packets.findIndex((held) =>
      held.brokerId === brokerId
        ? held.brokerCounter === brokerCounter
        : held.messageId === messageId
    );
    if (at < 0) throw new Error("no such packet");
    if (packets[at].brokerId === brokerId) packets[at].messageId = messageId;
    else packets[at] = packet;
  }

  // deno-lint-ignore require-await
  override async outgoingClearMessageId({ id }: Client, { messageId }: Packet): Promise<Packet> {
    const queue = this.#queues.get(id);
    const at = queue?.packets.findIndex((held) => held.messageId === messageId) ?? -1;
    // aedes takes undefined for "not queued", as the base class returns it.
    return at < 0 ? undefined as unknown as Packet : this.#remove(id, queue!, at);
  }

  override outgoingStream({ id }: Client): Readable {
    return Readable.from([...this.#queues.get(id)?.packets ?? []]);
  }

  #enqueue(clientId: string, packet: Packet): void {
    const { queuedMessages, queuedBytes } = this.#limits;
    let queue = this.#queues.get(clientId);
    if (queue === undefined) this.#queues.set(clientId, queue = { packets: [], bytes: 0 });
    // Each client's copy gets a packet identifier of its own.
    queue.packets.push({ ...packet, messageId: undefined });
    queue.bytes += sizeOf(packet);
    this.#queuedBytes += sizeOf(packet);
    if (queue.packets.length > queuedMessages) this.#dropOldest(clientId, queue);
    while (this.#queuedBytes > queuedBytes) {
      const [id, largest] = [...this.#queues].reduce((a, b) => b[1].bytes > a[1].bytes ? b : a);
      this.#dropOldest(id, largest);
    }
  }

  #dropOldest(clientId: string, queue: Queue): void {
    this.#remove(clientId, queue, 0);
    this.#dropped++;
  }

  #remove(clientId: string, queue: Queue, at: number): Packet {
    const [packet] = queue.packets.splice(at, 1);
    queue.bytes -= sizeOf(packet);
    this.#queuedBytes -= sizeOf(packet);
    if (queue.packets.length === 0) this.#queues.delete(clientId);
    return packet;
  }

  async #endSession(clientId: string): Promise<void> {
    const client = { id: clientId } as Client;
    await this.cleanSubscriptions(client);
    await this.cleanIncoming(client);
    const queue = this.#queues.get(clientId);
    if (queue === undefined) return;
    this.#queuedBytes -= queue.bytes;
    this.#dropped += queue.packets.length;
    this.#queues.delete(clientId);
  }
}
