/** Portions a second in which a slow proxy relays. */
const SLICES = 20;

/** A loopback TCP relay that a test can cut, or make discard the server's answers. */
export class TcpProxy implements AsyncDisposable {
  readonly port: number;
  #listener: Deno.TcpListener;
  readonly #target: number;
  readonly #open = new Set<Deno.Conn>();
  #serving: Promise<void>;
  /** While true, the server's answers are discarded. */
  deaf = false;
  /** Connections that relay nothing any more, as if the other host had lost its power. */
  #stranded = new WeakSet<Deno.Conn>();
  /** Limit in each direction of each connection. */
  bytesPerSecond = Infinity;
  /** While true, new connections are closed at once. */
  closed = false;
  #connections = 0;

  constructor(targetPort: number) {
    this.#target = targetPort;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.port = this.#listener.addr.port;
    this.#serving = this.#serve();
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  /** Connections that were relayed since the start. */
  get connections(): number {
    return this.#connections;
  }

  /** Cuts all connections. */
  cut(): void {
    for (const connection of this.#open) {
      try {
        connection.close();
      } catch {
        // The other direction's end has closed it.
      }
    }
    this.#open.clear();
  }

  /** Makes the open connections relay nothing for ever, without an end; new ones are relayed. */
  strand(): void {
    for (const connection of this.#open) this.#stranded.add(connection);
  }

  /** Refuses new connections, as if nothing listened. */
  async refuse(): Promise<void> {
    this.#listener.close();
    await this.#serving;
  }

  /** Listens again. */
  accept(): void {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: this.port });
    this.#serving = this.#serve();
  }

  async #serve(): Promise<void> {
    for await (const client of this.#listener) {
      if (this.closed) {
        client.close();
        continue;
      }
      let server: Deno.Conn;
      try {
        server = await Deno.connect({ hostname: "127.0.0.1", port: this.#target });
      } catch {
        client.close();
        continue;
      }
      this.#connections++;
      this.#open.add(client).add(server);
      void this.#relay(client, server, () => !this.#stranded.has(client));
      void this.#relay(server, client, () => !this.deaf && !this.#stranded.has(server));
    }
  }

  async #relay(from: Deno.Conn, to: Deno.Conn, open: () => boolean): Promise<void> {
    const buffer = new Uint8Array(65_536);
    try {
      for (let n = await from.read(buffer); n !== null; n = await from.read(buffer)) {
        for (let at = 0; open() && at < n;) {
          const limit = this.bytesPerSecond / SLICES;
          at += await to.write(buffer.subarray(at, Math.min(n, at + limit)));
          if (limit < Infinity) await new Promise((resolve) => setTimeout(resolve, 1000 / SLICES));
        }
      }
    } catch {
      // Cut.
    }
    for (const connection of [from, to]) {
      if (!this.#open.delete(connection)) continue;
      connection.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.cut();
    await this.#serving;
  }
}
