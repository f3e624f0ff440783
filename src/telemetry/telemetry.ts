import type { Log } from "../core/log.ts";
import { RETAINED, type TelemetryMessage, type TelemetryTopics, type Topic } from "./topics.ts";

/** Receives messages while the pipeline waits: it must return fast, and must not throw. */
export type TelemetryListener = (message: TelemetryMessage) => void;

interface Subscription {
  readonly topics: ReadonlySet<Topic>;
  readonly listener: TelemetryListener;
}

/**
 * What one pipeline offers to listeners in this process. A topic without a listener costs nothing: code that computes one
 * checks {@linkcode wants} first.
 *
 * @example
 * ```ts
 * using _listening = pipeline.telemetry.listen(["event"], ({ message }) => console.log(message));
 * ```
 */
export class Telemetry {
  readonly #log: Log;
  readonly #subscriptions = new Set<Subscription>();
  readonly #retained = new Map<Topic, TelemetryMessage>();
  #wanted: ReadonlySet<Topic> = new Set();

  /** @param log receives a warning about a listener that throws. */
  constructor(log: Log) {
    this.#log = log;
  }

  /** Whether a topic has a listener now. */
  wants(topic: Topic): boolean {
    return this.#wanted.has(topic);
  }

  /** Gives a message to the listeners of its topic. */
  tell<T extends Topic>(topic: T, message: TelemetryTopics[T]): void {
    const told = { topic, message } as unknown as TelemetryMessage;
    if ((RETAINED as readonly Topic[]).includes(topic)) this.#retained.set(topic, told);
    if (!this.#wanted.has(topic)) return;
    for (const subscription of this.#subscriptions) {
      if (subscription.topics.has(topic)) this.#give(subscription, told);
    }
  }

  /** Listens to topics until the result is disposed of; the newest messages of retained topics come at once. */
  listen(topics: readonly Topic[], listener: TelemetryListener): Disposable {
    const subscription = { topics: new Set(topics), listener };
    this.#subscriptions.add(subscription);
    this.#count();
    for (const topic of RETAINED) {
      const message = this.#retained.get(topic);
      if (message !== undefined && subscription.topics.has(topic)) {
        this.#give(subscription, message);
      }
    }
    return { [Symbol.dispose]: () => this.#remove(subscription) };
  }

  #give(subscription: Subscription, message: TelemetryMessage): void {
    try {
      subscription.listener(message);
    } catch (error) {
      // A viewer must not stop a pipeline.
      this.#remove(subscription);
      this.#log("error", `a listener of ${message.topic} failed and is disconnected: ${error}`);
    }
  }

  #remove(subscription: Subscription): void {
    this.#subscriptions.delete(subscription);
    this.#count();
  }

  #count(): void {
    this.#wanted = new Set([...this.#subscriptions].flatMap(({ topics }) => [...topics]));
  }
}
