import { Buffer } from "node:buffer";
import mqtt, { type IClientOptions, type MqttClient } from "mqtt";
import type { Credentials } from "./credentials.ts";
import {
  ConnectionLostError,
  describeFault,
  isProtocolRefusal,
  isRefusal,
  MessageRefusedError,
} from "./mqtt_fault.ts";
import { SendWindow } from "./send_window.ts";

/** MQTT 5.0 or MQTT 3.1.1. */
export type ProtocolVersion = 5 | 4;

/** Takes a message that came from the broker. */
export type MessageHandler = (topic: string, payload: Uint8Array) => void;

/** Everything one connection needs. */
export interface SessionOptions {
  /** `mqtt:`, `mqtts:`, `ws:` or `wss:`. */
  readonly url: string;
  readonly clientId: string;
  readonly credentials: Credentials;
  /** What the broker says, retained, when this client dies. */
  readonly will?: { readonly topic: string; readonly payload: string };
  readonly onMessage: MessageHandler;
  readonly signal: AbortSignal;
}

/** How a message is sent. */
export interface Delivery {
  readonly qos: 0 | 1;
  readonly retain?: boolean;
}

const CONNECT_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_S = 15;
/** Unacknowledged QoS 1 messages on one connection, unless the broker takes fewer (Receive Maximum). */
const MOST_ON_THEIR_WAY = 16;

const bytes = (data: Uint8Array | undefined) => data && Buffer.from(data);

/**
 * One connection to a broker from CONNECT to its end; it never reconnects and stores nothing, so every message is
 * either acknowledged or fails with {@linkcode ConnectionLostError}.
 */
export class MqttSession {
  readonly protocolVersion: ProtocolVersion;
  /** Resolves with the reason when the connection has ended. */
  readonly ended: Promise<string>;
  readonly #client: MqttClient;
  readonly #window: SendWindow;
  readonly #unsettled = new Set<(error: Error) => void>();
  #fault: unknown;

  private constructor(client: MqttClient, protocolVersion: ProtocolVersion, window: number) {
    this.#client = client;
    this.protocolVersion = protocolVersion;
    this.#window = new SendWindow(window);
    client.on("error", (error) => this.#fault ??= error);
    this.ended = new Promise((resolve) => {
      client.once("close", () => {
        client.end(true);
        for (const fail of this.#unsettled) fail(new ConnectionLostError("connection lost"));
        resolve(this.#fault ? describeFault(this.#fault) : "the connection was closed");
      });
    });
  }

  /**
   * Connects with the first protocol version that the broker takes.
   *
   * @throws {Error} of the network, TLS or the broker; {@linkcode describeFault} puts it into words.
   */
  static async open(
    options: SessionOptions,
    versions: readonly ProtocolVersion[] = [5, 4],
  ): Promise<MqttSession> {
    for (const [i, version] of versions.entries()) {
      try {
        return await MqttSession.#connect(options, version);
      } catch (error) {
        if (i === versions.length - 1 || !isProtocolRefusal(error)) throw error;
      }
    }
    throw new RangeError("Cannot connect: versions must not be empty");
  }

  static #connect(options: SessionOptions, protocolVersion: ProtocolVersion): Promise<MqttSession> {
    const { url, clientId, credentials, will, onMessage, signal } = options;
    signal.throwIfAborted();
    const clientOptions: IClientOptions = {
      protocolVersion,
      clientId,
      clean: true,
      keepalive: KEEP_ALIVE_S,
      connectTimeout: CONNECT_TIMEOUT_MS,
      reconnectPeriod: 0,
      resubscribe: false,
      queueQoSZero: false,
      timerVariant: "native",
      ...(credentials.username !== undefined && { username: credentials.username }),
      ...(credentials.password !== undefined && { password: credentials.password }),
      ...(credentials.ca && { ca: bytes(credentials.ca) }),
      ...(credentials.cert && { cert: bytes(credentials.cert) }),
      ...(credentials.key && { key: bytes(credentials.key) }),
      ...(will && {
        will: { topic: will.topic, payload: Buffer.from(will.payload), qos: 1, retain: true },
      }),
    };
    return new Promise((resolve, reject) => {
      const client = mqtt.connect(url, clientOptions);
      let fault: unknown;
      const abort = () => {
        fault ??= signal.reason;
        client.end(true);
        fail();
      };
      const fail = () => {
        signal.removeEventListener("abort", abort);
        client.end(true);
        reject(fault ?? new ConnectionLostError("the broker closed the connection"));
      };
      signal.addEventListener("abort", abort, { once: true });
      // Kept for good: an emitter without an error listener throws, and errors can trail the end.
      client.on("error", (error) => {
        fault ??= error;
        if (!client.connected) fail();
      });
      client.once("close", fail);
      client.on("message", (topic, payload) => onMessage(topic, payload));
      client.once("connect", (connack) => {
        client.removeListener("close", fail);
        signal.removeEventListener("abort", abort);
        const most = connack.properties?.receiveMaximum ?? MOST_ON_THEIR_WAY;
        resolve(new MqttSession(client, protocolVersion, Math.min(most, MOST_ON_THEIR_WAY)));
      });
    });
  }

  /**
   * Sends one message and resolves when the broker has acknowledged it (QoS 1) or the socket has taken it (QoS 0).
   * Messages of one QoS reach the broker in the order of the calls.
   *
   * @throws {MessageRefusedError} when the broker refuses it.
   * @throws {ConnectionLostError} when the connection ends first; the message may have arrived.
   */
  async publish(topic: string, payload: string | Uint8Array, delivery: Delivery): Promise<void> {
    if (delivery.qos === 0) return await this.#send(topic, payload, delivery);
    await this.#window.enter();
    try {
      await this.#send(topic, payload, delivery);
    } finally {
      this.#window.leave();
    }
  }

  #send(topic: string, payload: string | Uint8Array, { qos, retain }: Delivery): Promise<void> {
    const data = typeof payload === "string" ? payload : Buffer.from(payload);
    return this.#settle((done) =>
      this.#client.publish(topic, data, { qos, retain: retain ?? false }, done)
    );
  }

  /**
   * Asks for the messages under a filter, QoS 1.
   *
   * @throws {MessageRefusedError} when the broker refuses.
   * @throws {ConnectionLostError} when the connection ends first.
   */
  subscribe(filter: string): Promise<void> {
    return this.#settle((done) =>
      this.#client.subscribe(filter, { qos: 1 }, (error, granted) => {
        const code = granted?.[0]?.qos ?? 0;
        done(error ?? (code >= 128 ? Object.assign(new Error("Not authorized"), { code }) : null));
      })
    );
  }

  #settle(start: (done: (error?: Error | null) => void) => void): Promise<void> {
    if (!this.#client.connected) {
      return Promise.reject(new ConnectionLostError("connection lost"));
    }
    return new Promise((resolve, reject) => {
      this.#unsettled.add(reject);
      start((error) => {
        this.#unsettled.delete(reject);
        if (!error) resolve();
        else if (isRefusal(error)) reject(new MessageRefusedError(error.message));
        else reject(new ConnectionLostError(error.message));
      });
    });
  }

  /** Says goodbye, so that the broker keeps the will to itself, and waits for the end, a second at most. */
  async close(): Promise<void> {
    this.#client.end(false);
    // A second end() is ignored by the library while the first one waits.
    const timer = setTimeout(() => this.#client.stream.destroy(), 1_000);
    await this.ended;
    clearTimeout(timer);
  }
}
