import { type CredentialFiles, readCredentials } from "./credentials.ts";
import { MqttLink } from "./mqtt_link.ts";
import type { MqttSession } from "./mqtt_session.ts";
import type { ProtocolVersion } from "./publish_message.ts";
import type { BrokerLogin } from "./topic_guard.ts";
import type { Log } from "../../core/log.ts";
import { pipelineTopics } from "./topics.ts";
import { within } from "../../core/within.ts";

/** A broker as one pipeline sees it. */
export interface BrokerTarget {
  readonly url: string;
  readonly prefix: string;
  /** Files with absolute paths. */
  readonly credentials: CredentialFiles;
  /** Used in place of the files: the login of an embedded broker. */
  readonly login?: BrokerLogin;
  /** Default: generated from the pipeline's name. If other pipelines of the process use it, the name is appended. */
  readonly clientId?: string;
  readonly pipeline: string;
  readonly versions?: readonly ProtocolVersion[];
  readonly delaysMs?: readonly number[];
}

const FAREWELL_MS = 2_000;

/**
 * The connection of one pipeline to a broker under a prefix, with its availability: `online` on each connection, `offline` by
 * the will or at the last release. A connection has one will, so each pipeline has a connection of its own. An `offline` from
 * elsewhere is corrected meanwhile. A reloaded pipeline takes over its connection.
 */
export class BrokerConnection {
  static readonly #open = new Map<string, BrokerConnection>();
  static readonly #closing = new Map<string, Promise<void>>();

  readonly link: MqttLink;
  readonly #key: string;
  readonly #availability: string;
  readonly #url: string;
  readonly #clientId: string | undefined;
  #users = 1;

  private constructor(key: string, target: BrokerTarget, log: Log) {
    this.#key = key;
    this.#availability = pipelineTopics(target.prefix, target.pipeline).available;
    this.#url = target.url;
    this.#clientId = BrokerConnection.#uniqueClientId(target);
    this.link = new MqttLink({
      url: target.url,
      log,
      clientId: this.#clientId,
      name: target.pipeline,
      readCredentials: async () => target.login ?? await readCredentials(target.credentials),
      will: { topic: this.#availability, payload: "offline" },
      versions: target.versions,
      delaysMs: target.delaysMs,
    });
    this.link.listen({ up: (session) => void this.#announce(session, "online"), down: () => {} });
    // The will of an earlier connection can arrive late, and another process may run a pipeline with the same name.
    this.link.subscribe(this.#availability, (_, payload) => {
      const { session } = this.link;
      if (this.#users === 0 || !session) return;
      if (new TextDecoder().decode(payload) === "offline") void this.#announce(session, "online");
    });
    this.link.start();
  }

  /** The pipeline's connection to a target, with the first user's client id and log. Needs one `release`. */
  static async acquire(target: BrokerTarget, log: Log): Promise<BrokerConnection> {
    const { url, prefix, credentials, pipeline } = target;
    const key = JSON.stringify([url, prefix, credentials, pipeline]);
    // Otherwise the older client's `offline` could arrive after the newer one's `online`.
    while (BrokerConnection.#closing.has(key)) await BrokerConnection.#closing.get(key);
    const shared = BrokerConnection.#open.get(key);
    if (shared) {
      shared.#users++;
      return shared;
    }
    const connection = new BrokerConnection(key, target, log);
    BrokerConnection.#open.set(key, connection);
    return connection;
  }

  /** Pipelines with the same client id would disconnect each other. */
  static #uniqueClientId({ url, clientId, pipeline }: BrokerTarget): string | undefined {
    if (clientId === undefined) return undefined;
    const isUsed = BrokerConnection.#open.values().some((other) =>
      other.#url === url && other.#clientId === clientId
    );
    return isUsed ? `${clientId}-${pipeline}` : clientId;
  }

  /** Ends one use; the last one publishes `offline` and disconnects. */
  async release(): Promise<void> {
    if (--this.#users > 0) return;
    BrokerConnection.#open.delete(this.#key);
    const closing = this.#close().finally(() => BrokerConnection.#closing.delete(this.#key));
    BrokerConnection.#closing.set(this.#key, closing);
    await closing;
  }

  async #close(): Promise<void> {
    const { session } = this.link;
    if (session) await within(FAREWELL_MS, this.#announce(session, "offline"));
    await this.link.close();
  }

  async #announce(session: MqttSession, availability: "online" | "offline"): Promise<void> {
    try {
      await session.publish(this.#availability, availability, { qos: 1, retain: true });
    } catch {
      // The connection ended, which the link logs, or the broker refuses it, which events will show.
    }
  }
}
