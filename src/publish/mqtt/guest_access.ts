import type { Socket } from "node:net";
import type { Client } from "aedes";
import { sameToken } from "../../core/token.ts";

/** Who may connect to an embedded broker besides Whence. */
export interface GuestRules {
  /** Login of all clients; undefined: they need none. */
  readonly username?: string;
  /** Reads the password, for each connection. */
  readonly readPassword?: () => Promise<string | undefined>;
  /** Clients at the same time at most. Default: 100. */
  readonly maxClients?: number;
}

/** A refused connection: its return code (MQTT 3.1.1 § 3.2.2.3). */
export class GuestRefusedError extends Error {
  override readonly name = "GuestRefusedError";

  constructor(message: string, readonly returnCode: 3 | 4) {
    super(message);
  }
}

export const MOST_CLIENTS = 100;
const UNAVAILABLE = 3;
const BAD_LOGIN = 4;
/** Connections from other machines that have yet to log in, at most. */
const MOST_LOGGING_IN = 32;

/** Checks the login of clients and limits how many are connected. */
export class GuestAccess {
  readonly #rules: GuestRules;
  readonly #maxClients: number;
  readonly #guests = new Set<Client>();
  readonly #sockets = new Set<Socket>();

  constructor(rules: GuestRules) {
    this.#rules = rules;
    this.#maxClients = rules.maxClients ?? MOST_CLIENTS;
  }

  /** All open connections. */
  get sockets(): ReadonlySet<Socket> {
    return this.#sockets;
  }

  /** Takes a new connection, or closes it: from other machines, there are not more than may log in and have logged in. */
  enter(socket: Socket): boolean {
    const isRemote = ({ remoteAddress, localAddress }: Socket) => remoteAddress !== localAddress;
    if (isRemote(socket)) {
      const remote = [...this.#sockets].filter(isRemote).length;
      if (remote >= this.#maxClients + MOST_LOGGING_IN) {
        socket.destroy();
        return false;
      }
    }
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    return true;
  }

  /**
   * Admits a client.
   *
   * @throws {GuestRefusedError} if its login is wrong, or too many are connected.
   */
  async admit(client: Client, username?: string, password?: Uint8Array): Promise<void> {
    if (!await this.#mayLogIn(username, password)) {
      throw new GuestRefusedError("wrong user name or password", BAD_LOGIN);
    }
    for (const guest of this.#guests) {
      // The older connection of the same client ends when this one is admitted.
      if (guest.closed || guest.id === client.id) this.#guests.delete(guest);
    }
    if (this.#guests.size >= this.#maxClients) {
      throw new GuestRefusedError(`max_clients (${this.#maxClients}) are connected`, UNAVAILABLE);
    }
    this.#guests.add(client);
  }

  async #mayLogIn(username?: string, password?: Uint8Array): Promise<boolean> {
    const { username: wanted, readPassword } = this.#rules;
    const secret = await readPassword?.();
    if (wanted === undefined && secret === undefined) return true;
    const given = new TextDecoder().decode(password);
    const right = sameToken(given, secret ?? "");
    return right && sameToken(username ?? "", wanted ?? "");
  }
}
