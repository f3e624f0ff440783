import type { Telemetry } from "./telemetry.ts";
import type { TelemetryMessage, Topic } from "./topics.ts";

/** Messages of each topic that wait for a slow reader; beyond that the oldest are dropped and counted. */
export const FEED_DEPTH: Readonly<Record<Topic, number>> = {
  description: 1,
  state: 64,
  tuning: 1,
  stats: 1,
  log: 1000,
  picture: 2,
  frame: 2,
  audio: 256,
  step: 512,
  maps: 64,
  features: 4,
  hop: 256,
  event: 10_000,
  near_miss: 1000,
};

/** Topics whose loss is told to the reader. */
const TOLD: ReadonlySet<Topic> = new Set(["event", "near_miss", "state", "log"]);

/** Messages of a topic that were dropped before the message that follows. */
export interface Loss {
  readonly topic: "lost";
  readonly message: { readonly of: Topic; readonly count: number };
}

/** What a feed gives. */
export type FeedItem = TelemetryMessage | Loss;

/** How a feed is made. */
export interface FeedOptions {
  /** Depths that differ from {@linkcode FEED_DEPTH}. */
  readonly depth?: Partial<Record<Topic, number>>;
  /** Ends the feed. */
  readonly signal?: AbortSignal;
}

/**
 * Telemetry for a reader with a pace of its own, such as a network client or a file: a bounded queue per topic, from which the
 * oldest messages are dropped. A reader that cannot keep up gets newer pictures, and is told how many events it missed.
 *
 * @example
 * ```ts
 * using feed = new TelemetryFeed(pipeline.telemetry, ["picture", "event"], { signal });
 * for await (const { topic, message } of feed) await write(topic, message);
 * ```
 */
export class TelemetryFeed implements Disposable {
  readonly #depth: Readonly<Record<Topic, number>>;
  readonly #waiting: TelemetryMessage[] = [];
  readonly #counts = new Map<Topic, number>();
  readonly #dropped = new Map<Topic, number>();
  readonly #untold = new Map<Topic, number>();
  readonly #listening: Disposable;
  readonly #signal: AbortSignal | undefined;
  readonly #abort = () => this[Symbol.dispose]();
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(telemetry: Telemetry, topics: readonly Topic[], options: FeedOptions = {}) {
    this.#depth = { ...FEED_DEPTH, ...options.depth };
    this.#signal = options.signal;
    this.#listening = telemetry.listen(topics, (message) => this.#keep(message));
    if (options.signal?.aborted) this[Symbol.dispose]();
    else options.signal?.addEventListener("abort", this.#abort, { once: true });
  }

  /** Messages of a topic that were dropped so far. */
  dropped(topic: Topic): number {
    return this.#dropped.get(topic) ?? 0;
  }

  /** The oldest message that waits; undefined when none does. */
  take(): FeedItem | undefined {
    for (const [of, count] of this.#untold) {
      this.#untold.delete(of);
      return { topic: "lost", message: { of, count } };
    }
    const message = this.#waiting.shift();
    if (message === undefined) return undefined;
    this.#counts.set(message.topic, this.#counts.get(message.topic)! - 1);
    return message;
  }

  /** All messages in order, until the feed is disposed of or its signal aborts. One reader. */
  async *[Symbol.asyncIterator](): AsyncGenerator<FeedItem> {
    for (;;) {
      const item = this.take();
      if (item !== undefined) {
        yield item;
        continue;
      }
      if (this.#ended) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
  }

  /** Stops listening; what waits can still be taken. */
  [Symbol.dispose](): void {
    this.#ended = true;
    this.#signal?.removeEventListener("abort", this.#abort);
    this.#listening[Symbol.dispose]();
    this.#wake?.();
  }

  #keep(message: TelemetryMessage): void {
    const { topic } = message;
    const count = this.#counts.get(topic) ?? 0;
    if (count >= this.#depth[topic]) {
      this.#waiting.splice(this.#waiting.findIndex((waiting) => waiting.topic === topic), 1);
      this.#dropped.set(topic, this.dropped(topic) + 1);
      if (TOLD.has(topic)) this.#untold.set(topic, (this.#untold.get(topic) ?? 0) + 1);
    } else {
      this.#counts.set(topic, count + 1);
    }
    this.#waiting.push(kept(message));
    this.#wake?.();
  }
}

/** A message that may be kept: frames, samples and features are only valid during the call. */
function kept(item: TelemetryMessage): TelemetryMessage {
  switch (item.topic) {
    case "frame":
      return { topic: "frame", message: { ...item.message, data: item.message.data.slice() } };
    case "audio":
      return {
        topic: "audio",
        message: { ...item.message, samples: item.message.samples.slice() },
      };
    case "features":
      return {
        topic: "features",
        message: { ...item.message, values: item.message.values.slice() },
      };
    default:
      return item;
  }
}
