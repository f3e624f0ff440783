/** A message that must arrive. */
export interface OutboxMessage {
  /** Names the message within its outbox. */
  readonly key: number;
  readonly topic: string;
  readonly payload: string;
}

/**
 * Holds messages from the moment they are made until the broker has acknowledged them. `take` hands them out in order;
 * `giveBack` makes all that were handed out and not acknowledged available again, in their old order.
 */
export interface Outbox {
  /** Messages held, those on their way included. */
  readonly size: number;
  /** Messages that had to go because there was no room. */
  readonly dropped: number;
  add(topic: string, payload: string): void;
  /** The oldest message that is not on its way. */
  take(): OutboxMessage | undefined;
  /** Lets go of a message that was taken; false when it is held no longer. */
  acknowledge(key: number): boolean;
  giveBack(): void;
  /** Ends its use; what an outbox without a memory still holds is dropped. */
  close(): void;
}
