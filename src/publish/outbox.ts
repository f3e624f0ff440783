/** A message that must arrive. */
export interface OutboxMessage {
  /** Identifies the message within its outbox; later messages have larger keys. */
  readonly key: number;
  readonly topic: string;
  readonly payload: string;
}

/**
 * Holds messages from the moment they are made until the broker has acknowledged them. `take` hands them out in order;
 * `giveBack` makes all messages that were taken and not acknowledged available again, in their old order.
 */
export interface Outbox {
  /** Messages held, those in flight included. */
  readonly size: number;
  /** Messages dropped because there was no room. */
  readonly dropped: number;
  /** Adds a message behind all others and returns its key. */
  add(topic: string, payload: string): number;
  /** The oldest message that is not in flight. */
  take(): OutboxMessage | undefined;
  /** Removes a message that was taken; false if it is no longer held. */
  acknowledge(key: number): boolean;
  /** Whether a message is held, in flight or not. */
  holds(key: number): boolean;
  giveBack(): void;
  /** Ends its use; an outbox that does not outlive the process drops what it still holds. */
  close(): void;
}
