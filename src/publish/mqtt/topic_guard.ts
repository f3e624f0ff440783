import type { Client, PublishPacket } from "aedes";
import { sameToken } from "../../core/token.ts";

/** Who Whence's own connections to the embedded broker log in as. */
export interface BrokerLogin {
  readonly username: string;
  readonly password: string;
}

/**
 * Decides who may publish what on the embedded broker: under a reserved prefix Whence alone, except that anyone may publish
 * to a pipeline's `set` topic.
 */
export class TopicGuard {
  readonly login: BrokerLogin = { username: "whence-internal", password: crypto.randomUUID() };
  readonly #prefixes = new Set<string>();
  readonly #own = new WeakSet<Client>();
  /** Client ids of Whence's connections; a broker ends a connection if another one uses its id. */
  readonly #ownIds = new Set<string>();

  /** Reserves a topic prefix for as long as the broker runs. */
  reserve(prefix: string): void {
    this.#prefixes.add(prefix);
  }

  /** Whether only Whence may publish to a topic. */
  isReserved(topic: string): boolean {
    for (const prefix of this.#prefixes) {
      if (topic === prefix) return true;
      if (!topic.startsWith(`${prefix}/`)) continue;
      const [, last, ...deeper] = topic.slice(prefix.length + 1).split("/");
      if (last !== "set" || deeper.length > 0) return true;
    }
    return false;
  }

  /**
   * Who a client is: `own`, with our password under our name; `impostor`, if it uses our name or the client id of one of our
   * connections without it.
   */
  identify(
    client: Client,
    username: string | undefined,
    password: Uint8Array | undefined,
  ): "own" | "guest" | "impostor" {
    if (username !== this.login.username) return this.#ownIds.has(client.id) ? "impostor" : "guest";
    if (!sameToken(new TextDecoder().decode(password), this.login.password)) return "impostor";
    this.#own.add(client);
    this.#ownIds.add(client.id);
    return "own";
  }

  /** Whether a client may publish a message; `$SYS` belongs to the broker. */
  mayPublish(client: Client | null, { topic }: PublishPacket): boolean {
    if (client !== null && this.#own.has(client)) return true;
    return !topic.startsWith("$SYS/") && !this.isReserved(topic);
  }
}
