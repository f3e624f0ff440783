import { Buffer } from "node:buffer";
import mqtt, { type IClientOptions, type MqttClient } from "mqtt";
import type { Credentials } from "./credentials.ts";
import {
  ConnectionLostError,
  describeFault,
  isProtocolRefusal,
  isRefusal,
  isTakenOver,
  MessageRefusedError,
  MessageTooLargeError,
} from "./mqtt_fault.ts";
import {
  type Delivery,
  packetBytes,
  type ProtocolVersion,
  type PublishMessage,
} from "./publish_message.ts";
import { SendWindow } from "./send_window.ts";

/** Where the sender of a message expects a response (MQTT 5.0 § 4.10). */
export interface ResponseAddress {
  readonly topic: string;
  readonly correlationData?: Uint8Array;
}

/** Takes a message that came from the broker. */
export type MessageHandler = (
  topic: string,
  payload: Uint8Array,
  retained: boolean,
  response?: ResponseAddress,
) => void;

/** Everything one connection needs. */
export interface SessionOptions {
  /** `mqtt:`, `mqtts:`, `ws:` or `wss:`. */
  readonly url: string;
  readonly clientId: string;
  readonly credentials: Credentials;
  /** What the broker publishes, retained, if this client dies. */
  readonly will?: { readonly topic: string; readonly payload: string };
  /** Must not throw. */
  readonly onMessage: MessageHandler;
  readonly signal: AbortSignal;
}

/** What a broker takes, as its CONNACK says. */
interface BrokerLimits {
  /** Messages in flight. */
  readonly window: number;
  /** Bytes of one packet. */
  readonly packetBytes: number;
}

const CONNECT_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_S = 15;
/** Messages in flight on one connection, unless the broker takes fewer (Receive Maximum). */
const MOST_IN_FLIGHT = 16;

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
  readonly #packetBytes: number;
  readonly #unsettled = new Set<(error: Error) => void>();
  #fault: unknown;
  #takenOver = false;

  private constructor(client: MqttClient, protocolVersion: ProtocolVersion, limits: BrokerLimits) {
    this.#client = client;
    this.protocolVersion = protocolVersion;
    this.#window = new SendWindow(limits.window);
    this.#packetBytes = limits.packetBytes;
    client.on("error", (error) => this.#fault ??= error);
    client.on("disconnect", ({ reasonCode }) => {
      this.#takenOver ||= isTakenOver(reasonCode);
      client.stream.destroy();
    });
    this.ended = new Promise((resolve) => {
      client.once("close", () => {
        client.end(true);
        for (const fail of this.#unsettled) fail(new ConnectionLostError("connection lost"));
        resolve(this.#fault ? describeFault(this.#fault) : "the connection was closed");
      });
    });
  }

  /** Whether it ended with an error of the network, not because the broker closed it. */
  get failed(): boolean {
    return this.#fault !== undefined;
  }

  /** Whether it ended because another client connected with its client id; only MQTT 5 tells. */
  get takenOver(): boolean {
    return this.#takenOver;
  }

  /**
   * Connects with the first protocol version that the broker accepts.
   *
   * @throws {Error} of the network, TLS or the broker; {@linkcode describeFault} words it for users.
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
      // Never removed: an emitter without an error listener throws, and errors can come after the end.
      client.on("error", (error) => {
        fault ??= error;
        if (!client.connected) fail();
      });
      client.once("close", fail);
      client.on("message", (topic, payload, { retain, properties = {} }) => {
        const { responseTopic, correlationData } = properties;
        const response = responseTopic === undefined
          ? undefined
          : { topic: responseTopic, correlationData };
        onMessage(topic, payload, retain, response);
      });
      client.once("connect", (connack) => {
        client.removeListener("close", fail);
        signal.removeEventListener("abort", abort);
        const { receiveMaximum = MOST_IN_FLIGHT, maximumPacketSize = Infinity } =
          connack.properties ?? {};
        resolve(
          new MqttSession(client, protocolVersion, {
            window: Math.min(receiveMaximum, MOST_IN_FLIGHT),
            packetBytes: maximumPacketSize,
          }),
        );
      });
    });
  }

  /**
   * Sends one message and resolves when the broker has acknowledged it (QoS 1) or the socket has taken it (QoS 0).
   * Messages are sent in the order of the calls.
   *
   * @throws {MessageRefusedError} if the broker refuses it, or would because of its size.
   * @throws {ConnectionLostError} if the connection ends first; the message may have arrived.
   */
  publish(topic: string, payload: string | Uint8Array, delivery: Delivery): Promise<void> {
    return this.send(() => ({ ...delivery, topic, payload }));
  }

  /**
   * Like {@linkcode publish}, but chooses the message when its turn comes: messages wait in their own queues, where newer ones
   * can replace them, until the send window of this connection has room.
   *
   * @param next returns the message, or undefined if there is none (any more). Not called if the connection ends first.
   */
  async send(next: () => PublishMessage | undefined): Promise<void> {
    await this.#window.enter();
    try {
      this.#requireConnected();
      const message = next();
      if (message !== undefined) await this.#send(message);
    } finally {
      this.#window.leave();
    }
  }

  #send(message: PublishMessage): Promise<void> {
    const { topic, payload, qos, retain = false, properties = {} } = message;
    const size = packetBytes(message, this.protocolVersion);
    if (size > this.#packetBytes) throw new MessageTooLargeError(size, this.#packetBytes);
    const data = typeof payload === "string" ? payload : Buffer.from(payload);
    const { correlationData, userProperties, ...rest } = properties;
    return this.#settle((done) =>
      this.#client.publish(topic, data, {
        qos,
        retain,
        ...(this.protocolVersion === 5 && {
          properties: {
            ...rest,
            ...(correlationData && { correlationData: Buffer.from(correlationData) }),
            ...(userProperties && { userProperties: { ...userProperties } }),
          },
        }),
      }, done)
    );
  }

  /**
   * Subscribes to a topic filter at QoS 1.
   *
   * @throws {MessageRefusedError} if the broker refuses.
   * @throws {ConnectionLostError} if the connection ends first.
   */
  subscribe(filter: string): Promise<void> {
    return this.#settle((done) =>
      this.#client.subscribe(filter, {
        qos: 1,
        // So that a handler knows which messages the broker keeps. Before MQTT 5 only those kept already are marked.
        ...(this.protocolVersion === 5 && { rap: true }),
      }, (error, granted) => {
        const code = granted?.[0]?.qos ?? 0;
        done(error ?? (code >= 128 ? Object.assign(new Error("Not authorized"), { code }) : null));
      })
    );
  }

  #requireConnected(): void {
    if (!this.#client.connected) throw new ConnectionLostError("connection lost");
  }

  async #settle(start: (done: (error?: Error | null) => void) => void): Promise<void> {
    this.#requireConnected();
    return await new Promise((resolve, reject) => {
      this.#unsettled.add(reject);
      start((error) => {
        this.#unsettled.delete(reject);
        if (!error) resolve();
        else if (isRefusal(error)) reject(new MessageRefusedError(error.message));
        else reject(new ConnectionLostError(error.message));
      });
    });
  }

  /** Sends DISCONNECT, so that the broker does not publish the will, and waits up to a second for the end. */
  async close(): Promise<void> {
    this.#client.end(false);
    // A second end() is ignored by the library while the first one waits.
    const timer = setTimeout(() => this.#client.stream.destroy(), 1_000);
    await this.ended;
    clearTimeout(timer);
  }
}
