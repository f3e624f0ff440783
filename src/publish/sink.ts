import type { HeadKind } from "../core/head_kind.ts";
import type { PipelineState, WhenceEvent } from "../events/event.ts";

/** What became of a sink's messages since it was opened. */
export interface SinkCounters {
  /** Events given to the sink. */
  readonly accepted: number;
  /** Events handed to the network or the file, repeats after a reconnect included. */
  readonly sent: number;
  /** Events the broker has acknowledged (at QoS 0: written to its socket), or lines written. */
  readonly acknowledged: number;
  /** Events not yet acknowledged. `accepted = acknowledged + refused + dropped + waiting`. */
  readonly waiting: number;
  /** Events lost because the queue was full (the oldest goes) or the file could not be written. */
  readonly dropped: number;
  /** Events the broker has answered with a refusal. */
  readonly refused: number;
  /** States, stats and heat maps that a newer one replaced, or that came while there was no connection. */
  readonly replaced: number;
  /** How often the connection or the file failed. */
  readonly failures: number;
}

/** Where one pipeline's messages go. No method blocks; after `open` none throws. */
export interface Sink {
  readonly name: string;
  /** Whether it takes heat maps; they are not drawn for one that does not. */
  readonly wantsHeatmap: boolean;
  /** @throws {Error} only for what no waiting can mend, such as a port that somebody else has. */
  open(): Promise<void>;
  event(event: WhenceEvent): void;
  state(state: PipelineState): void;
  /** Whether an event of this kind lasts now. */
  active(kind: HeadKind, on: boolean): void;
  stats(stats: object): void;
  heatmap(kind: HeadKind, png: Uint8Array): void;
  /** Delivers what is waiting, within a bounded time, and lets go of everything. */
  close(): Promise<void>;
  counters(): SinkCounters;
}
