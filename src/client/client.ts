/** Follows the events of Whence over MQTT: `import { WhenceClient } from "whence/client"`. */
import mqtt, { type IClientOptions, type MqttClient } from "mqtt";
import type { WhenceEvent } from "../events/event.ts";
import { type EventChange, EventTracker } from "./event_tracker.ts";

export type { WhenceEvent } from "../events/event.ts";
export { type Cause, type EventChange, EventTracker } from "./event_tracker.ts";

/** What a {@linkcode WhenceClient} does with changes and problems. */
export interface ClientOptions {
  /** Called for each change, one at a time; its message is acknowledged when it has finished. */
  readonly onChange: (change: EventChange) => void | Promise<void>;
  /** Called with one line for each message that is not valid, each failed connection, and each error of `onChange`. */
  readonly onProblem?: (line: string) => void;
  /** `publish.mqtt.prefix` of the pipelines. Default: `whence`. */
  readonly prefix?: string;
  /**
   * Login, TLS, client id, …, as in the package `mqtt`. With a `clientId` and `clean: false` the broker keeps messages while
   * the client is away.
   */
  readonly mqtt?: IClientOptions;
}

/**
 * A connection to a broker that follows events; it reconnects until it is closed.
 *
 * @example
 * ```ts
 * const client = new WhenceClient("mqtt://localhost", {
 *   onChange: ({ type, event }) => console.log(type, event.kind, event.peak),
 * });
 * ```
 */
export class WhenceClient implements AsyncDisposable {
  readonly #options: ClientOptions;
  readonly #tracker: EventTracker;
  readonly #client: MqttClient;
  /** The newest task; tasks run one after the other. */
  #turn: Promise<void> = Promise.resolve();
  #closing = false;

  /** @param url of the broker: `mqtt://HOST:PORT`, `mqtts://…`, `ws://…` or `wss://…`. */
  constructor(url: string, options: ClientOptions) {
    this.#options = options;
    this.#tracker = new EventTracker(options.prefix);
    this.#client = mqtt.connect(url, options.mqtt);
    this.#client.on("error", (error) => this.#problem(error));
    this.#client.on("connect", ({ sessionPresent }) => {
      // Without a session, the `end` of an event may have been missed.
      if (!sessionPresent) void this.#inTurn(() => this.#tracker.end("missed"));
    });
    this.#client.handleMessage = ({ topic, payload }, done) => {
      // Not acknowledged: with a session, the broker sends it again.
      if (this.#closing) return;
      void this.#inTurn(() => this.#tracker.take(topic, payload.toString())).then(() => done());
    };
    this.#client.subscribe(this.#tracker.filters, { qos: 1 }, (error, granted) => {
      if (error) this.#problem(error);
      for (const { topic, qos } of granted ?? []) {
        if (qos >= 128) this.#problem(new Error(`the broker refuses to subscribe to ${topic}`));
      }
    });
  }

  /** The newest message of each event that lasts. */
  get lasting(): WhenceEvent[] {
    return this.#tracker.lasting;
  }

  /** Disconnects, after `onChange` has finished. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#turn;
    await this.#client.endAsync();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #inTurn(changes: () => EventChange[]): Promise<void> {
    this.#turn = this.#turn.then(async () => {
      try {
        for (const change of changes()) await this.#options.onChange(change);
      } catch (error) {
        this.#problem(error);
      }
    });
    return this.#turn;
  }

  #problem(error: unknown): void {
    const { onProblem = console.error } = this.#options;
    // A refused connection has an error with several causes and no message.
    const { message, code } = error as { message?: string; code?: string };
    onProblem(message || code || String(error));
  }
}
