import { type CredentialFiles, readCredentials } from "./credentials.ts";
import { MqttLink, randomClientId } from "./mqtt_link.ts";
import type { MqttSession } from "./mqtt_session.ts";
import type { ProtocolVersion } from "./publish_message.ts";
import type { BrokerLogin } from "./topic_guard.ts";
import type { Log } from "../../core/log.ts";
import { availabilityTopic } from "./topics.ts";
import { within } from "../../core/within.ts";

/** A broker as one pipeline sees it. */
export interface BrokerTarget {
  readonly url: string;
  readonly prefix: string;
  /** Files with absolute paths. */
  readonly credentials: CredentialFiles;
  /** Used in place of the files: the login of an embedded broker. */
  readonly login?: BrokerLogin;
  readonly clientId?: string;
  /** The pipeline's name, for a generated client id. */
  readonly pipeline: string;
  readonly versions?: readonly ProtocolVersion[];
  readonly delaysMs?: readonly number[];
}

const FAREWELL_MS = 2_000;

/**
 * The one connection of this process to a broker under a prefix, shared by all its pipelines, with one availability:
 * `online` on each connection, `offline` by the will or when the last pipeline releases it. An `offline` from elsewhere is
 * corrected meanwhile.
 */
export class BrokerConnection {
  static readonly #open = new Map<string, BrokerConnection>();
  static readonly #closing = new Map<string, Promise<void>>();

  readonly link: MqttLink;
  readonly #key: string;
  readonly #availability: string;
  #users = 1;

  private constructor(key: string, target: BrokerTarget, log: Log) {
    this.#key = key;
    this.#availability = availabilityTopic(target.prefix);
    this.link = new MqttLink({
      url: target.url,
      log,
      clientId: target.clientId ?? randomClientId(target.pipeline),
      readCredentials: async () => target.login ?? await readCredentials(target.credentials),
      will: { topic: this.#availability, payload: "offline" },
      versions: target.versions,
      delaysMs: target.delaysMs,
    });
    this.link.listen({ up: (session) => void this.#announce(session, "online"), down: () => {} });
    // The will of an earlier connection can arrive late, and another process may share the prefix.
    this.link.subscribe(this.#availability, (_, payload) => {
      const { session } = this.link;
      if (this.#users === 0 || !session) return;
      if (new TextDecoder().decode(payload) === "offline") void this.#announce(session, "online");
    });
    this.link.start();
  }

  /** The shared connection to a target, with the first user's client id and log. Needs one `release`. */
  static async acquire(target: BrokerTarget, log: Log): Promise<BrokerConnection> {
    const key = JSON.stringify([target.url, target.prefix, target.credentials]);
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
