import type { EventEmitter } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { Aedes, type Client } from "aedes";
import {
  hostText,
  isLoopback,
  type ListenAddress,
  listenFault,
} from "../../core/listen_address.ts";
import { faultCode } from "../../core/write_fault.ts";
import { BoundedStore } from "./bounded_store.ts";
import { readCredentials } from "./credentials.ts";
import { type EmbeddedAddress, embeddedAddress, ownAddress } from "./embedded_address.ts";
import { GuestAccess, GuestRefusedError, MOST_CLIENTS } from "./guest_access.ts";
import { type BrokerLogin, TopicGuard } from "./topic_guard.ts";
import { readWhole } from "./whole_reads.ts";

/** A client must send CONNECT within this time, ms. */
const CONNECT_TIMEOUT_MS = 10_000;
/** A subscriber whose socket takes nothing for this long is disconnected: it holds up all others, ms. */
const DRAIN_TIMEOUT_MS = 10_000;
/** Messages at QoS 2 that one client may have open. */
const OPEN_QOS_2 = 100;
/** Characters of the password of a broker that other machines can reach, at least. */
const SHORTEST_PASSWORD = 8;

/** Who may connect besides Whence. Absent: all programs that reach the address, 100 at most. */
export interface BrokerAccess {
  /** Login of all clients. */
  readonly username?: string;
  /** File whose first line is the password; read for each connection. */
  readonly passwordFile?: string;
  readonly maxClients?: number;
}

function listen(server: Server, { hostname, port }: ListenAddress): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, hostname, () => {
      server.removeListener("error", reject);
      const address = server.address();
      if (address === null || typeof address === "string") reject(new Error("no port"));
      else resolve(address.port);
    });
  });
}

const isTaken = (error: unknown) => faultCode(error) === "EADDRINUSE";

/** Hosts that mean more than one address. */
const SEVERAL_ADDRESSES = ["0.0.0.0", "::", "localhost"];

/** Receives one line for each client that was refused or disconnected. */
export type RefusalListener = (line: string) => void;

/** An MQTT 3.1.1 broker (aedes) inside this process, shared by its pipelines. */
export class EmbeddedBroker {
  static readonly #running = new Set<EmbeddedBroker>();
  /** Starts and stops run one at a time, so that pipelines that start together share one broker. */
  static #turn: Promise<unknown> = Promise.resolve();

  readonly #address: ListenAddress;
  /** The URL that it was started for. */
  readonly #source: string;
  readonly #access: BrokerAccess;
  readonly #server: Server;
  readonly #parts: BrokerParts;
  #users = 0;

  private constructor(
    address: ListenAddress,
    source: string,
    access: BrokerAccess,
    server: Server,
    parts: BrokerParts,
  ) {
    this.#address = address;
    this.#source = source;
    this.#access = access;
    this.#server = server;
    this.#parts = parts;
  }

  /** Where clients of this machine find it, such as `mqtt://127.0.0.1:1883`. */
  get url(): string {
    return `mqtt://${hostText(ownAddress(this.#address))}`;
  }

  /** The login of connections that may publish under a reserved prefix. Never to be logged. */
  get login(): BrokerLogin {
    return this.#parts.guard.login;
  }

  /**
   * The broker of this process on `embedded:[HOST:]PORT`; for `embedded:` the one that is running, else a new one on port 1883
   * of the loopback interface, or on a free port if that is taken. Needs one `release`.
   *
   * @throws {Error} if the address is taken, or other machines can reach it and there is no good password.
   */
  static acquire(url: string, access: BrokerAccess = {}): Promise<EmbeddedBroker> {
    const address = embeddedAddress(url);
    if (address === undefined) throw new RangeError(`Cannot start an embedded broker at ${url}`);
    return EmbeddedBroker.#inTurn(async () => {
      const broker = EmbeddedBroker.#find(address) ??
        await EmbeddedBroker.#start(url, address, access);
      broker.#requireSame(access);
      broker.#users++;
      return broker;
    });
  }

  /**
   * Reserves a topic prefix for connections that use `login`; other clients may still publish to `PREFIX/NAME/set`.
   *
   * @param onRefusal called for each client that was not admitted, or disconnected because it published elsewhere under a
   *   reserved prefix.
   * @returns ends the calls of `onRefusal`; the prefix stays reserved.
   */
  reserve(prefix: string, onRefusal: RefusalListener): () => void {
    const { guard, refusals } = this.#parts;
    guard.reserve(prefix);
    refusals.add(onRefusal);
    return () => refusals.delete(onRefusal);
  }

  static #find({ fixed, hostname, port }: EmbeddedAddress): EmbeddedBroker | undefined {
    return EmbeddedBroker.#running.values().find((broker) =>
      !fixed || hostname === broker.#address.hostname && port === broker.#address.port
    );
  }

  /** What one pipeline sets must not be left out because another one started the broker. */
  #requireSame({ username, passwordFile, maxClients }: BrokerAccess): void {
    const { username: name, passwordFile: file, maxClients: most = MOST_CLIENTS } = this.#access;
    const refuse = (keys: string, values = "") => {
      throw new Error(
        `Cannot share the embedded broker on ${hostText(this.#address)}: ` +
          `${keys} must be the same in all its pipelines${values}`,
      );
    };
    const open = username === undefined && passwordFile === undefined;
    if (!open && (username !== name || passwordFile !== file)) refuse("username and password_file");
    if (maxClients !== undefined && maxClients !== most) {
      refuse("max_clients", `, got ${most} and ${maxClients}`);
    }
  }

  /** A broker of this process that keeps a new one from listening at an address. */
  static #inTheWay({ hostname, port }: ListenAddress): EmbeddedBroker | undefined {
    return EmbeddedBroker.#running.values().find((broker) =>
      port === broker.#address.port &&
      [hostname, broker.#address.hostname].some((host) => SEVERAL_ADDRESSES.includes(host))
    );
  }

  static #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = EmbeddedBroker.#turn.then(work);
    EmbeddedBroker.#turn = result.catch(() => {});
    return result;
  }

  static async #start(
    url: string,
    address: EmbeddedAddress,
    access: BrokerAccess,
  ): Promise<EmbeddedBroker> {
    const { hostname, fixed } = address;
    await requireSafe(address, access);
    const parts = await makeParts(access);
    const server = createServer((socket) => {
      if (parts.guests.enter(socket)) parts.aedes.handle(readWhole(socket));
    });
    try {
      const port = await listen(server, address).catch((error) => {
        if (!fixed && isTaken(error)) return listen(server, { hostname, port: 0 });
        throw error;
      });
      const broker = new EmbeddedBroker({ hostname, port }, url, access, server, parts);
      EmbeddedBroker.#running.add(broker);
      return broker;
    } catch (error) {
      parts.aedes.close();
      const other = isTaken(error) ? EmbeddedBroker.#inTheWay(address) : undefined;
      const reason = other === undefined
        ? listenFault(error)
        : "a pipeline of this process runs one on that port; " +
          `publish.mqtt.url must be the same in both, got ${other.#source} and ${url}`;
      throw new Error(`Cannot start the embedded broker on ${hostText(address)}: ${reason}`);
    }
  }

  /** Ends one use; the last one stops the broker and disconnects its clients. */
  release(): Promise<void> {
    return EmbeddedBroker.#inTurn(async () => {
      if (--this.#users > 0) return;
      EmbeddedBroker.#running.delete(this);
      const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
      const { aedes, guests } = this.#parts;
      await new Promise<void>((resolve) => aedes.close(() => resolve()));
      // aedes knows only the clients that have sent CONNECT.
      for (const socket of guests.sockets) socket.destroy();
      await closed;
    });
  }
}

/** What a broker is made of, before it has a port. */
interface BrokerParts {
  readonly aedes: Aedes;
  readonly guests: GuestAccess;
  readonly guard: TopicGuard;
  readonly refusals: Set<RefusalListener>;
}

/** A broker that other machines can reach has a password that is not guessed at once. */
async function requireSafe(address: ListenAddress, access: BrokerAccess): Promise<void> {
  if (isLoopback(address.hostname)) return;
  const { username, passwordFile } = access;
  const refuse = (fault: string) => {
    throw new Error(`Cannot start the embedded broker on ${hostText(address)}: ${fault}`);
  };
  if (username === undefined || passwordFile === undefined) {
    return refuse("other machines can reach it: username and password_file must be set");
  }
  const { password = "" } = await readCredentials({ password_file: passwordFile });
  if (password.length < SHORTEST_PASSWORD) {
    refuse(`the password in ${passwordFile} must have at least ${SHORTEST_PASSWORD} characters`);
  }
}

async function makeParts(
  { username, passwordFile, maxClients }: BrokerAccess,
): Promise<BrokerParts> {
  const guard = new TopicGuard();
  const refusals = new Set<RefusalListener>();
  const refuse = (line: string) => {
    for (const listener of refusals) listener(line);
  };
  const guests = new GuestAccess({
    username,
    readPassword: passwordFile === undefined
      ? undefined
      : async () => (await readCredentials({ password_file: passwordFile })).password,
    maxClients,
  });
  const clients = new Set<string>();
  const aedes = await Aedes.createBroker({
    persistence: new BoundedStore((topic) => guard.isReserved(topic), (id) => clients.has(id)),
    connectTimeout: CONNECT_TIMEOUT_MS,
    drainTimeout: DRAIN_TIMEOUT_MS,
    maxInflightInbound: OPEN_QOS_2,
    authenticate: (client, username, password, done) => {
      const who = guard.identify(client, username, password);
      if (who !== "guest") return done(null, who === "own");
      guests.admit(client, username, password).then(() => done(null, true), (error) => {
        refuse(`Refused a client at ${addressOf(client)}: ${error.message}`);
        done(
          error instanceof GuestRefusedError ? error : Object.assign(error, { returnCode: 3 }),
          false,
        );
      });
    },
    authorizePublish: (client, packet, done) => {
      if (guard.mayPublish(client, packet)) return done(null);
      const name = JSON.stringify(client?.id ?? "");
      refuse(
        `Disconnected client ${name}: it published to ${packet.topic}; only Whence may publish there`,
      );
      done(new Error(`only Whence may publish to ${packet.topic}`));
    },
  });
  aedes.on("client", ({ id }: Client) => clients.add(id));
  aedes.on("clientDisconnect", ({ id }: Client) => clients.delete(id));
  // An error event without a listener would end the process; the client's connection shows what it means.
  (aedes as EventEmitter).on("error", () => {});
  return { aedes, guests, guard, refusals };
}

const addressOf = ({ conn }: Client) => (conn as Socket).remoteAddress ?? "an unknown address";
