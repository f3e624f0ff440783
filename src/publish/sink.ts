import type { HeadKind } from "../core/head_kind.ts";
import type { PipelineState, WhenceEvent } from "../events/event.ts";

/** What became of a sink's messages since it was opened. */
export interface SinkCounters {
  /** Events given to the sink. */
  readonly accepted: number;
  /** Events handed to the network or the file, repeats after a reconnect included. */
  readonly sent: number;
  /** Events that the broker has acknowledged (at QoS 0: written to its socket), or lines written. */
  readonly acknowledged: number;
  /** Events not yet acknowledged. `accepted = acknowledged + refused + dropped + waiting`. */
  readonly waiting: number;
  /** Of those waiting, the ones that are stored and survive the end of the process. */
  readonly stored?: number;
  /** Events lost because the queue was full (the oldest event is dropped), or the file could not be written. */
  readonly dropped: number;
  /** Events that the broker refused, or would have because of their size. */
  readonly refused: number;
  /** Messages of any kind that were left out because the broker does not accept messages that large. */
  readonly oversized: number;
  /** States, stats and pictures that a newer one replaced, or that came while there was no connection. */
  readonly replaced: number;
  /** How often the connection or the file failed. */
  readonly failures: number;
}

/** One event, checked against its schema and encoded. */
export interface EventMessage {
  readonly event: WhenceEvent;
  /** The event as one line of JSON, without a line end. */
  readonly line: string;
}

/** An event's picture. */
export interface EventPicture {
  /** The event message that it shows. */
  readonly event: WhenceEvent;
  readonly data: Uint8Array;
  /** MIME type of `data`. */
  readonly contentType: string;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
}

/** Where one pipeline's messages go. No method blocks; after `open` none throws. */
export interface Sink {
  readonly name: string;
  /** Whether it takes pictures; they are not drawn for a sink that does not. */
  readonly takesPictures: boolean;
  /** Whether it takes the picture of an event message that it was given. Default: of each one. */
  takesPictureOf?(event: WhenceEvent): boolean;
  /** Events that can wait before some are dropped. Default: no limit that matters. */
  readonly capacity?: number;
  /**
   * Opens the file or starts to connect, without waiting for a connection. A sink that failed to open takes messages
   * nevertheless, and delivers them once it can.
   *
   * @throws {Error} in one line, if it can't deliver before a user has fixed something.
   */
  open(): Promise<void>;
  event(message: EventMessage): void;
  state(state: PipelineState): void;
  /** Whether an event of this kind lasts now. */
  active(kind: HeadKind, on: boolean): void;
  stats(stats: object): void;
  /** A picture of an event that was given before; it is delivered after its event. */
  picture(picture: EventPicture): void;
  /** Delivers what is waiting, within a bounded time, and releases everything. */
  close(): Promise<void>;
  counters(): SinkCounters;
  /** Why the sink delivers nothing now, in one line; undefined while it works. After `close`, the last answer. */
  complaint(): string | undefined;
}
