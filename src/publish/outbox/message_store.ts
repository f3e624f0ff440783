import type { WhenceEvent } from "../../events/event.ts";
import type { OutboxMessage } from "./outbox.ts";

/** A message, and whose it is. */
export interface HeldMessage extends OutboxMessage {
  /** The event's id. */
  readonly id: string;
}

/** A message as a store keeps it. */
export interface StoredMessage extends HeldMessage {
  readonly seq: number;
  readonly type: WhenceEvent["type"];
  /** When it was made, epoch ms. */
  readonly madeMs: number;
}

/** Keeps messages by their keys. */
export interface MessageStore {
  insert(message: StoredMessage): void;
  /** The message with the smallest key above `key`. */
  after(key: number): HeldMessage | undefined;
  has(key: number): boolean;
  delete(key: number): void;
  deleteEvent(id: string): void;
  /** The key of an event's oldest `update` above `key`. */
  updateOf(id: string, key: number): number | undefined;
}

/** A store that is lost with the process. */
export class MemoryStore implements MessageStore {
  /** In ascending order of keys. */
  readonly messages = new Map<number, StoredMessage>();

  insert(message: StoredMessage): void {
    this.messages.set(message.key, message);
  }

  after(key: number): HeldMessage | undefined {
    return this.messages.values().find((message) => message.key > key);
  }

  has(key: number): boolean {
    return this.messages.has(key);
  }

  delete(key: number): void {
    this.messages.delete(key);
  }

  deleteEvent(id: string): void {
    for (const message of this.messages.values()) {
      if (message.id === id) this.messages.delete(message.key);
    }
  }

  updateOf(id: string, above: number): number | undefined {
    return this.messages.values()
      .find((message) => message.id === id && message.type === "update" && message.key > above)
      ?.key;
  }
}
