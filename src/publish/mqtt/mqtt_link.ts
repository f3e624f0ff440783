import { BackOff } from "../../core/back_off.ts";
import { type CredentialFiles, readCredentials } from "./credentials.ts";
import { describeFault, shownUrl } from "./mqtt_fault.ts";
import { type MessageHandler, MqttSession, type ProtocolVersion } from "./mqtt_session.ts";
import type { Log } from "../../core/log.ts";
import { topicMatches } from "./topics.ts";

/** Which broker a link keeps up a connection to. */
export interface LinkOptions {
  readonly url: string;
  readonly log: Log;
  /** Default: `whence-` and 8 random characters. Kept over reconnects, so that the broker drops the older one. */
  readonly clientId?: string;
  /** Files with absolute paths; read at each connection. */
  readonly credentials?: CredentialFiles;
  readonly will?: { readonly topic: string; readonly payload: string };
  /** Tried in order. */
  readonly versions?: readonly ProtocolVersion[];
  /** Pauses between attempts in milliseconds; the last one repeats. */
  readonly delaysMs?: readonly number[];
}

/** Hears of a link's connections. */
export interface LinkListener {
  up(session: MqttSession): void;
  down(): void;
}

/** A connection that lasted this long was a good one: the next pause is the shortest again. */
const GOOD_CONNECTION_MS = 10_000;

/** A random client id that tells people whose it is. */
export function randomClientId(name?: string): string {
  const random = crypto.randomUUID().replaceAll("-", "").slice(0, 8);
  return name === undefined ? `whence-${random}` : `whence-${name}-${random}`;
}

/** Keeps one connection to a broker up: connects, subscribes, notices the end, waits, connects again. */
export class MqttLink {
  readonly #options: LinkOptions;
  readonly #clientId: string;
  readonly #backOff: BackOff;
  readonly #stop = new AbortController();
  readonly #subscriptions: { readonly filter: string; readonly handler: MessageHandler }[] = [];
  readonly #listeners = new Set<LinkListener>();
  readonly #firstUp = Promise.withResolvers<void>();
  #session: MqttSession | undefined;
  #run: Promise<void> | undefined;
  #trouble = "";
  #failures = 0;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#clientId = options.clientId ?? randomClientId();
    this.#backOff = new BackOff(options.delaysMs);
  }

  /** The connection that is up now. */
  get session(): MqttSession | undefined {
    return this.#session;
  }

  /** Connections that failed or were lost. */
  get failures(): number {
    return this.#failures;
  }

  /** Resolves at the first connection, with all subscriptions made; never rejects. */
  get ready(): Promise<void> {
    return this.#firstUp.promise;
  }

  /** Begins to connect. */
  start(): void {
    this.#run ??= this.#keepUp();
  }

  /** Hears messages under a filter, over all reconnects. The function returned ends it. */
  subscribe(filter: string, handler: MessageHandler): () => void {
    const subscription = { filter, handler };
    this.#subscriptions.push(subscription);
    if (this.#session) void this.#ask(this.#session, filter);
    return () => {
      const at = this.#subscriptions.indexOf(subscription);
      if (at >= 0) this.#subscriptions.splice(at, 1);
    };
  }

  /** Hears of connections; told at once when one is up. The function returned ends it. */
  listen(listener: LinkListener): () => void {
    this.#listeners.add(listener);
    if (this.#session) listener.up(this.#session);
    return () => this.#listeners.delete(listener);
  }

  /** Cuts the pause before the next attempt short. */
  hurry(): void {
    this.#backOff.hurry();
  }

  /** Disconnects and stays so. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#session?.close();
    await this.#run;
  }

  async #keepUp(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const session = await this.#connect(signal);
      if (session) await this.#serve(session, signal);
      if (!signal.aborted) await this.#backOff.wait(signal);
    }
  }

  async #connect(signal: AbortSignal): Promise<MqttSession | undefined> {
    const { url, credentials = {}, will, versions } = this.#options;
    try {
      return await MqttSession.open({
        url,
        clientId: this.#clientId,
        credentials: await readCredentials(credentials),
        will,
        onMessage: (topic, payload) => this.#hand(topic, payload),
        signal,
      }, versions);
    } catch (error) {
      if (!signal.aborted) {
        const reason = describeFault(error);
        this.#report(reason, `Cannot reach ${shownUrl(url)}: ${reason}; trying again`);
      }
      return undefined;
    }
  }

  async #serve(session: MqttSession, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return await session.close();
    const { url, log } = this.#options;
    const since = performance.now();
    this.#session = session;
    this.#trouble = "";
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
    if (performance.now() - since >= GOOD_CONNECTION_MS) this.#backOff.reset();
    this.#report(reason, `Lost ${shownUrl(url)}: ${reason}; connecting again`);
  }

  /** One line per change: an attempt that fails for the reason already told is only counted. */
  #report(reason: string, line: string): void {
    this.#failures++;
    if (reason !== this.#trouble) this.#options.log("warning", line);
    this.#trouble = reason;
  }

  async #ask(session: MqttSession, filter: string): Promise<void> {
    try {
      await session.subscribe(filter);
    } catch (error) {
      if (error instanceof Error && error.name === "ConnectionLostError") return;
      this.#options.log("warning", `Cannot subscribe to ${filter}: ${describeFault(error)}`);
    }
  }

  #hand(topic: string, payload: Uint8Array): void {
    for (const { filter, handler } of this.#subscriptions) {
      if (topicMatches(filter, topic)) handler(topic, payload);
    }
  }
}
