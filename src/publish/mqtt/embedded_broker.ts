import type { EventEmitter } from "node:events";
import { createServer, type Server } from "node:net";
import { Aedes } from "aedes";

/** The port that `embedded:` takes when nobody else has it (IANA: mqtt). */
const USUAL_PORT = 1883;

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
function wantedPort(url: string): number | undefined {
  const port = url.slice("embedded:".length);
  return port === "" ? undefined : Number(port);
}

/** An MQTT 3.1.1 broker (aedes) on the loopback interface inside this process, shared by its pipelines. */
export class EmbeddedBroker {
  static readonly #running = new Set<EmbeddedBroker>();
  /** Starts and stops go one at a time, so that pipelines that start at once share one broker. */
  static #turn: Promise<unknown> = Promise.resolve();

  readonly #port: number;
  readonly #aedes: Aedes;
  readonly #server: Server;
  #users = 0;

  private constructor(port: number, aedes: Aedes, server: Server) {
    this.#port = port;
    this.#aedes = aedes;
    this.#server = server;
  }

  /** Where clients find it, such as `mqtt://127.0.0.1:1883`. */
  get url(): string {
    return `mqtt://127.0.0.1:${this.#port}`;
  }

  /**
   * The broker of this process on `embedded:PORT`; or for `embedded:` the one that runs already, else a new one on 1883,
   * or on a free port when somebody else has that. Needs one `release`.
   *
   * @throws {Error} when the port named is taken.
   */
  static acquire(url: string): Promise<EmbeddedBroker> {
    const wanted = wantedPort(url);
    return EmbeddedBroker.#inTurn(async () => {
      const broker = EmbeddedBroker.#find(wanted) ?? await EmbeddedBroker.#start(wanted);
      broker.#users++;
      return broker;
    });
  }

  static #find(wanted: number | undefined): EmbeddedBroker | undefined {
    return EmbeddedBroker.#running.values().find((broker) =>
      wanted === undefined || wanted === broker.#port
    );
  }

  static #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = EmbeddedBroker.#turn.then(work);
    EmbeddedBroker.#turn = result.catch(() => {});
    return result;
  }

  static async #start(wanted: number | undefined): Promise<EmbeddedBroker> {
    const aedes = await Aedes.createBroker();
    // Without a listener an error would end the process; what it means to a client, its connection shows.
    (aedes as EventEmitter).on("error", () => {});
    const server = createServer(aedes.handle);
    try {
      const port = await listen(server, wanted ?? USUAL_PORT).catch((error) => {
        if (wanted === undefined && isTaken(error)) return listen(server, 0);
        throw error;
      });
      const broker = new EmbeddedBroker(port, aedes, server);
      EmbeddedBroker.#running.add(broker);
      return broker;
    } catch (error) {
      aedes.close();
      const reason = isTaken(error) ? "somebody else listens there" : String(error);
      throw new Error(`Cannot start the embedded broker on port ${wanted}: ${reason}`);
    }
  }

  /** Lets go; the last user's release stops the broker and cuts its clients off. */
  release(): Promise<void> {
    return EmbeddedBroker.#inTurn(async () => {
      if (--this.#users > 0) return;
      EmbeddedBroker.#running.delete(this);
      const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
      await new Promise<void>((resolve) => this.#aedes.close(() => resolve()));
      await closed;
    });
  }
}
