// The package is CommonJS whose exports cannot be imported by name.
import protocol from "@foxglove/ws-protocol";
import {
  hostText,
  isLoopback,
  type ListenAddress,
  listenFault,
  reachableAddress,
} from "../core/listen_address.ts";
import type { Log } from "../core/log.ts";
import { newToken } from "../core/token.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import { foxgloveLayout } from "./layout.ts";
import { refusal } from "./live_access.ts";
import { LiveChannels } from "./live_channels.ts";
import { LiveConnection } from "./live_connection.ts";

/** Clients that may be connected at once. */
const MOST_CLIENTS = 16;

/** The channels cannot be served. */
export class FoxgloveError extends Error {
  override name = "FoxgloveError";
}

/** A pipeline as the server knows it. */
export interface OfferedPipeline {
  readonly name: string;
  readonly telemetry: Telemetry;
}

/** How the channels are served. */
export interface LiveOptions {
  readonly address: ListenAddress;
  /** What clients of another machine must give. Default: a new one. */
  readonly token?: string;
  readonly log: Log;
}

/**
 * Serves the Foxglove channels of the pipelines of this process with the Foxglove WebSocket protocol, and a layout for each at
 * `/NAME.layout.json`.
 *
 * Protocol: https://github.com/foxglove/ws-protocol/blob/main/docs/spec.md
 */
export class LiveServer implements AsyncDisposable {
  readonly #pipelines: readonly OfferedPipeline[];
  readonly #protocol = new protocol.FoxgloveServer({ name: "Whence", capabilities: [] });
  readonly #channels: readonly LiveChannels[];
  readonly #connections = new Set<LiveConnection>();
  readonly #token: string | undefined;
  readonly #hostname: string;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  #dropped = 0;

  /**
   * Starts to serve.
   *
   * @throws {FoxgloveError} when the address cannot be listened on.
   */
  constructor(pipelines: readonly OfferedPipeline[], { address, token, log }: LiveOptions) {
    this.#pipelines = pipelines;
    this.#hostname = address.hostname;
    this.#token = isLoopback(address.hostname) ? undefined : token ?? newToken();
    try {
      this.#server = Deno.serve({
        ...address,
        onListen: () => {},
        onError: (error) => {
          log("error", `the Foxglove server failed: ${error}`);
          return new Response("Cannot connect\n", { status: 500 });
        },
      }, (request) => this.#respond(request));
    } catch (error) {
      throw new FoxgloveError(
        `Cannot serve Foxglove on ${hostText(address)}: ${listenFault(error)}`,
      );
    }
    // Messages that are not of the protocol are the client's fault, and change nothing.
    this.#protocol.on("error", (error) => log("debug", `a Foxglove client: ${error.message}`));
    this.#channels = pipelines.map(({ name, telemetry }) =>
      new LiveChannels(this.#protocol, name, telemetry)
    );
  }

  /** The link for Foxglove's dialog "Open connection", with the token if one is needed. */
  get url(): string {
    const token = this.#token === undefined ? "" : `/?token=${this.#token}`;
    return `ws://${hostText(reachableAddress(this.#server.addr))}${token}`;
  }

  /** Messages that were not sent to slow clients. */
  get dropped(): number {
    return [...this.#connections].reduce((sum, { dropped }) => sum + dropped, this.#dropped);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const channels of this.#channels) channels[Symbol.dispose]();
    for (const connection of this.#connections) connection.close();
    await this.#server.shutdown();
  }

  #respond(request: Request): Response {
    const refused = refusal(request, { hostname: this.#hostname, token: this.#token });
    if (refused !== undefined) return text(`Cannot connect: ${refused}`, 403);
    const { pathname } = new URL(request.url);
    if (request.headers.get("upgrade")?.toLowerCase() === "websocket") {
      return this.#connect(request);
    }
    const name = /^\/([^/]+)\.layout\.json$/.exec(pathname)?.[1];
    if (this.#pipelines.some((pipeline) => pipeline.name === name)) {
      return Response.json(foxgloveLayout(name!), {
        headers: { "content-disposition": `attachment; filename="${name}.layout.json"` },
      });
    }
    return text("Cannot show a page: connect Foxglove or Lichtblick to this address", 426);
  }

  #connect(request: Request): Response {
    const offered = (request.headers.get("sec-websocket-protocol") ?? "").split(/\s*,\s*/);
    const chosen = this.#protocol.handleProtocols(offered);
    if (chosen === false) {
      const { SUPPORTED_SUBPROTOCOL } = protocol.FoxgloveServer;
      return text(`Cannot connect: the subprotocol must be ${SUPPORTED_SUBPROTOCOL}`, 400);
    }
    if (this.#connections.size >= MOST_CLIENTS) {
      return text(`Cannot connect: ${MOST_CLIENTS} clients are connected already`, 503);
    }
    const { socket, response } = Deno.upgradeWebSocket(request, { protocol: chosen });
    const connection = new LiveConnection(socket, () => {
      for (const channels of this.#channels) channels.refresh();
    });
    this.#connections.add(connection);
    socket.onopen = () => this.#protocol.handleConnection(connection, "client");
    socket.addEventListener("close", () => {
      this.#connections.delete(connection);
      this.#dropped += connection.dropped;
    });
    return response;
  }
}

function text(message: string, status: number): Response {
  return new Response(`${message}\n`, { status });
}
