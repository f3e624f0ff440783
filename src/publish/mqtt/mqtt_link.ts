import { acceptsConnections } from "../../core/accepts_connections.ts";
import { type Answers, BackOff } from "../../core/back_off.ts";
import type { Log } from "../../core/log.ts";
import { LineLimiter } from "../line_limiter.ts";
import type { Credentials } from "./credentials.ts";
import { ConnectionLostError, describeFault, isPermanent, shownUrl } from "./mqtt_fault.ts";
import { type MessageHandler, MqttSession } from "./mqtt_session.ts";
import type { ProtocolVersion } from "./publish_message.ts";
import { topicMatches } from "./topics.ts";

/** Which broker a link stays connected to. */
export interface LinkOptions {
  readonly url: string;
  readonly log: Log;
  /**
   * Default: `whence-`, the name if there is one, and 8 random characters. Kept over reconnects, so that the broker drops the older connection; but if
   * another client seems to take it over, random characters are appended, as the two would disconnect each other for ever.
   */
  readonly clientId?: string;
  /** Shown in a random client id. */
  readonly name?: string;
  /** Called for each connection, so that renewed certificates and passwords count. */
  readonly readCredentials?: () => Promise<Credentials>;
  readonly will?: { readonly topic: string; readonly payload: string };
  /** Tried in order. */
  readonly versions?: readonly ProtocolVersion[];
  /** Pauses between attempts in milliseconds; the last one repeats. */
  readonly delaysMs?: readonly number[];
}

/** Is notified of a link's connections. */
export interface LinkListener {
  up(session: MqttSession): void;
  down(): void;
}

/** So many connections in a row that the broker closed soon, without a reason, are a fight over the client id. */
const FIGHT = 3;

/** After a connection that lasted this long, pauses start again with the shortest. */
const GOOD_CONNECTION_MS = 10_000;

const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  "mqtt:": 1883,
  "mqtts:": 8883,
  "ws:": 80,
  "wss:": 443,
};

/** A random client id that shows who uses it. */
export function randomClientId(name?: string): string {
  const random = crypto.randomUUID().replaceAll("-", "").slice(0, 8);
  return name === undefined ? `whence-${random}` : `whence-${name}-${random}`;
}

/** Keeps one connection to a broker: connects, subscribes, notices the end, waits, reconnects. */
export class MqttLink {
  readonly #options: LinkOptions;
  #clientId: string;
  readonly #backOff: BackOff;
  readonly #stop = new AbortController();
  readonly #subscriptions: { readonly filter: string; readonly handler: MessageHandler }[] = [];
  readonly #listeners = new Set<LinkListener>();
  readonly #firstUp = Promise.withResolvers<void>();
  #session: MqttSession | undefined;
  #run: Promise<void> | undefined;
  /** Why the last attempt or connection failed; empty while connected. */
  #fault = "";
  #complaint: string | undefined;
  #failures = 0;
  /** Whether the broker answered, but a user has to fix something. */
  #refused = false;
  /** Connections in a row that were closed soon. */
  #closedSoon = 0;
  readonly #handlerFaults: LineLimiter;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#handlerFaults = new LineLimiter(options.log);
    this.#clientId = options.clientId ?? randomClientId(options.name);
    this.#backOff = new BackOff(options.delaysMs, GOOD_CONNECTION_MS);
  }

  /** The current connection. */
  get session(): MqttSession | undefined {
    return this.#session;
  }

  /** Why there is no connection, in one line; undefined while there is one, and before the first attempt has ended. */
  get complaint(): string | undefined {
    return this.#complaint;
  }

  /** Attempts that failed and connections that were lost. */
  get failures(): number {
    return this.#failures;
  }

  /** Resolves at the first connection, when all subscriptions are made; never rejects. */
  get ready(): Promise<void> {
    return this.#firstUp.promise;
  }

  /** Starts to connect. */
  start(): void {
    this.#run ??= this.#keepUp();
  }

  /** Subscribes to a filter, over all reconnects; a handler that throws is logged. The function returned ends it. */
  subscribe(filter: string, handler: MessageHandler): () => void {
    const subscription = { filter, handler };
    this.#subscriptions.push(subscription);
    if (this.#session) void this.#ask(this.#session, filter);
    return () => {
      const at = this.#subscriptions.indexOf(subscription);
      if (at >= 0) this.#subscriptions.splice(at, 1);
    };
  }

  /** Adds a listener; it is notified at once if there is a connection. The function returned removes it. */
  listen(listener: LinkListener): () => void {
    this.#listeners.add(listener);
    if (this.#session) listener.up(this.#session);
    return () => this.#listeners.delete(listener);
  }

  /** Skips the rest of the pause before the next attempt. */
  hurry(): void {
    this.#backOff.hurry();
  }

  /** Whether the broker's port accepts connections. */
  readonly #answers: Answers = async () => {
    const { protocol, hostname, port } = new URL(this.#options.url);
    const host = hostname.replace(/^\[|\]$/g, "");
    return await acceptsConnections(host, Number(port) || DEFAULT_PORTS[protocol]);
  };

  /** Disconnects for good. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#session?.close();
    await this.#run;
    this.#handlerFaults.flush();
  }

  async #keepUp(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const session = await this.#connect(signal);
      if (session) await this.#serve(session, signal);
      if (!signal.aborted) {
        await this.#backOff.wait(signal, this.#refused ? undefined : this.#answers);
      }
    }
  }

  async #connect(signal: AbortSignal): Promise<MqttSession | undefined> {
    const { url, readCredentials, will, versions } = this.#options;
    try {
      return await MqttSession.open({
        url,
        clientId: this.#clientId,
        credentials: await readCredentials?.() ?? {},
        will,
        onMessage: (...message) => this.#hand(...message),
        signal,
      }, versions);
    } catch (error) {
      if (!signal.aborted) {
        this.#refused = isPermanent(error);
        // A broker may accept that client id only.
        if (this.#refused) this.#clientId = this.#options.clientId ?? this.#clientId;
        const reason = describeFault(error);
        this.#complain(reason, `Cannot connect to ${shownUrl(url)}: ${reason}`, "retrying");
      }
      return undefined;
    }
  }

  async #serve(session: MqttSession, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return await session.close();
    const { url, log, clientId } = this.#options;
    const since = performance.now();
    this.#session = session;
    this.#fault = "";
    this.#complaint = undefined;
    this.#refused = false;
    log(
      "info",
      `Connected to ${shownUrl(url)} (MQTT ${session.protocolVersion === 5 ? "5" : "3.1.1"})`,
    );
    for (const listener of this.#listeners) listener.up(session);
    await Promise.all(this.#subscriptions.map(({ filter }) => this.#ask(session, filter)));
    this.#firstUp.resolve();
    const reason = await session.ended;
    this.#session = undefined;
    for (const listener of this.#listeners) listener.down();
    if (signal.aborted) return;
    const lastedMs = performance.now() - since;
    const lasted = lastedMs >= GOOD_CONNECTION_MS;
    this.#backOff.lasted(lastedMs);
    this.#closedSoon = lasted || session.failed ? 0 : this.#closedSoon + 1;
    if (session.takenOver) return this.#renameClient("Another client uses the client ID");
    // Random client ids are unique. Before MQTT 5, and with Mosquitto 2.0.11, a broker does not say why it closes.
    if (clientId !== undefined && this.#closedSoon >= FIGHT) {
      return this.#renameClient("Another client seems to use the client ID");
    }
    this.#complain(reason, `Lost the connection to ${shownUrl(url)}: ${reason}`, "reconnecting");
  }

  #renameClient(finding: string): void {
    const taken = this.#clientId;
    this.#closedSoon = 0;
    const given = this.#options.clientId ?? "whence";
    this.#clientId = `${given}-${crypto.randomUUID().slice(0, 8)}`;
    this.#complain(
      "taken over",
      `${finding} ${taken} at ${shownUrl(this.#options.url)}`,
      `reconnecting as ${this.#clientId}; set publish.mqtt.client_id`,
    );
  }

  /** Logs one line per change: an attempt that fails for the same reason as the last one is only counted. */
  #complain(reason: string, complaint: string, next: string): void {
    this.#failures++;
    if (reason !== this.#fault) this.#options.log("warning", `${complaint}; ${next}`);
    this.#fault = reason;
    this.#complaint = complaint;
  }

  async #ask(session: MqttSession, filter: string): Promise<void> {
    try {
      await session.subscribe(filter);
    } catch (error) {
      if (error instanceof ConnectionLostError) return;
      this.#options.log("warning", `Cannot subscribe to ${filter}: ${describeFault(error)}`);
    }
  }

  #hand(...[topic, payload, retained, response]: Parameters<MessageHandler>): void {
    for (const { filter, handler } of this.#subscriptions) {
      if (!topicMatches(filter, topic)) continue;
      try {
        handler(topic, payload, retained, response);
      } catch (error) {
        // Thrown on, it would end the process: anyone who may publish could do that.
        const reason = error instanceof Error ? error.message : String(error);
        this.#handlerFaults.warn(`Cannot handle a message on ${topic}: ${reason}`);
      }
    }
  }
}
