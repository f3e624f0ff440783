import type { EventEmitter } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { Aedes, type Client } from "aedes";
import { BoundedStore } from "./bounded_store.ts";
import { type BrokerLogin, TopicGuard } from "./topic_guard.ts";
import { readWhole } from "./whole_reads.ts";

/** The port that `embedded:` takes when it is free (IANA: mqtt). */
const USUAL_PORT = 1883;
/** A client must send CONNECT within this time, ms. */
const CONNECT_TIMEOUT_MS = 10_000;
/** A subscriber whose socket takes nothing for this long is disconnected: it holds up all others, ms. */
const DRAIN_TIMEOUT_MS = 10_000;
/** Messages at QoS 2 that one client may have open. */
const OPEN_QOS_2 = 100;

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.removeListener("error", reject);
      const address = server.address();
      if (address === null || typeof address === "string") reject(new Error("no port"));
      else resolve(address.port);
    });
  });
}

const isTaken = (error: unknown) =>
  error instanceof Error && "code" in error && error.code === "EADDRINUSE";

/** The port in `embedded:PORT`, or undefined for `embedded:`. */
export function requestedPort(url: string): number | undefined {
  const port = url.slice("embedded:".length);
  return port === "" ? undefined : Number(port);
}

/** Receives each refused publication: who tried to publish where. */
export type RefusalListener = (clientId: string, topic: string) => void;

/** An MQTT 3.1.1 broker (aedes) on the loopback interface inside this process, shared by its pipelines. */
export class EmbeddedBroker {
  static readonly #running = new Set<EmbeddedBroker>();
  /** Starts and stops run one at a time, so that pipelines that start together share one broker. */
  static #turn: Promise<unknown> = Promise.resolve();

  readonly #port: number;
  readonly #aedes: Aedes;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;
  readonly #guard: TopicGuard;
  readonly #refusals: Set<RefusalListener>;
  #users = 0;

  private constructor(port: number, server: Server, parts: BrokerParts) {
    this.#port = port;
    this.#server = server;
    this.#aedes = parts.aedes;
    this.#sockets = parts.sockets;
    this.#guard = parts.guard;
    this.#refusals = parts.refusals;
  }

  /** Where clients find it, such as `mqtt://127.0.0.1:1883`. */
  get url(): string {
    return `mqtt://127.0.0.1:${this.#port}`;
  }

  /** The login of connections that may publish under a reserved prefix. Never to be logged. */
  get login(): BrokerLogin {
    return this.#guard.login;
  }

  /**
   * The broker of this process on `embedded:PORT`; for `embedded:` the one that is running, else a new one on port 1883, or
   * on a free port if that is taken. Needs one `release`.
   *
   * @throws {Error} if PORT is taken.
   */
  static acquire(url: string): Promise<EmbeddedBroker> {
    const requested = requestedPort(url);
    return EmbeddedBroker.#inTurn(async () => {
      const broker = EmbeddedBroker.#find(requested) ?? await EmbeddedBroker.#start(requested);
      broker.#users++;
      return broker;
    });
  }

  /**
   * Reserves a topic prefix for connections that use `login`; other clients may still publish to `PREFIX/NAME/set`.
   *
   * @param onRefusal called for each client that was disconnected because it published elsewhere under a reserved prefix.
   * @returns ends the calls of `onRefusal`; the prefix stays reserved.
   */
  reserve(prefix: string, onRefusal: RefusalListener): () => void {
    this.#guard.reserve(prefix);
    this.#refusals.add(onRefusal);
    return () => this.#refusals.delete(onRefusal);
  }

  static #find(port: number | undefined): EmbeddedBroker | undefined {
    return EmbeddedBroker.#running.values().find((broker) =>
      port === undefined || port === broker.#port
    );
  }

  static #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = EmbeddedBroker.#turn.then(work);
    EmbeddedBroker.#turn = result.catch(() => {});
    return result;
  }

  static async #start(requested: number | undefined): Promise<EmbeddedBroker> {
    const parts = await makeParts();
    const server = createServer((socket) => {
      parts.sockets.add(socket);
      socket.once("close", () => parts.sockets.delete(socket));
      parts.aedes.handle(readWhole(socket));
    });
    try {
      const port = await listen(server, requested ?? USUAL_PORT).catch((error) => {
        if (requested === undefined && isTaken(error)) return listen(server, 0);
        throw error;
      });
      const broker = new EmbeddedBroker(port, server, parts);
      EmbeddedBroker.#running.add(broker);
      return broker;
    } catch (error) {
      parts.aedes.close();
      const reason = isTaken(error) ? "another process is listening there" : String(error);
      throw new Error(`Cannot start the embedded broker on port ${requested}: ${reason}`);
    }
  }

  /** Ends one use; the last one stops the broker and disconnects its clients. */
  release(): Promise<void> {
    return EmbeddedBroker.#inTurn(async () => {
      if (--this.#users > 0) return;
      EmbeddedBroker.#running.delete(this);
      const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
      await new Promise<void>((resolve) => this.#aedes.close(() => resolve()));
      // aedes knows only the clients that have sent CONNECT.
      for (const socket of this.#sockets) socket.destroy();
      await closed;
    });
  }
}

/** What a broker is made of, before it has a port. */
interface BrokerParts {
  readonly aedes: Aedes;
  readonly sockets: Set<Socket>;
  readonly guard: TopicGuard;
  readonly refusals: Set<RefusalListener>;
}

async function makeParts(): Promise<BrokerParts> {
  const guard = new TopicGuard();
  const refusals = new Set<RefusalListener>();
  const clients = new Set<string>();
  const aedes = await Aedes.createBroker({
    persistence: new BoundedStore((topic) => guard.isReserved(topic), (id) => clients.has(id)),
    connectTimeout: CONNECT_TIMEOUT_MS,
    drainTimeout: DRAIN_TIMEOUT_MS,
    maxInflightInbound: OPEN_QOS_2,
    authenticate: (client, username, password, done) =>
      done(null, guard.admit(client, username, password)),
    authorizePublish: (client, packet, done) => {
      if (guard.mayPublish(client, packet)) return done(null);
      for (const listener of refusals) listener(client?.id ?? "", packet.topic);
      done(new Error(`only Whence may publish to ${packet.topic}`));
    },
  });
  aedes.on("client", ({ id }: Client) => clients.add(id));
  aedes.on("clientDisconnect", ({ id }: Client) => clients.delete(id));
  // An error event without a listener would end the process; the client's connection shows what it means.
  (aedes as EventEmitter).on("error", () => {});
  return { aedes, sockets: new Set(), guard, refusals };
}
