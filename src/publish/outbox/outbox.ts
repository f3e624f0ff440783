import type { EventMessage } from "../sink.ts";

/** A message that must arrive. */
export interface OutboxMessage {
  /** Identifies the message within its outbox; later messages have larger keys. */
  readonly key: number;
  readonly topic: string;
  readonly payload: string;
}

/**
 * Holds messages from the moment they are made until the broker has acknowledged them. `take` hands them out in order;
 * `giveBack` makes all messages that were taken and not acknowledged available again, in their old order. A full outbox
 * drops whole events.
 */
export interface Outbox {
  /** Messages held, those in flight included. */
  readonly size: number;
  /** Messages held at most. */
  readonly bound: number;
  /** Messages dropped because there was no room, or because they were too old. */
  readonly dropped: number;
  /** Messages held in memory only, which are lost with the process. */
  readonly unstored: number;
  /** Why messages are held in memory only, in one line; undefined if they are stored as configured. */
  readonly complaint: string | undefined;
  /** Adds a message behind all others and returns its key. */
  add(topic: string, message: EventMessage): number;
  /** The oldest message that is not in flight. */
  take(): OutboxMessage | undefined;
  /** Removes a message that was taken; false if it is no longer held. */
  acknowledge(key: number): boolean;
  /** Whether a message is held, in flight or not. */
  holds(key: number): boolean;
  giveBack(): void;
  /** Ends its use; messages that are held in memory only are dropped, stored ones are kept for the next start. */
  close(): void;
}
