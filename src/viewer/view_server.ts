import { Hono } from "hono";
import process from "node:process";
import { HEAD_COLORS, hexColor } from "../core/head_colors.ts";
import {
  hostText,
  isLoopback,
  type ListenAddress,
  listenFault,
  reachableAddress,
} from "../core/listen_address.ts";
import type { Log } from "../core/log.ts";
import { newToken } from "../core/token.ts";
import { Access, type Verdict } from "./access.ts";
import { Client } from "./client.ts";
import { pageBundle } from "./page_bundle.ts";
import { Recent } from "./recent.ts";
import { recordingResponse } from "./recording_response.ts";
import type { ViewedPipeline } from "./viewed_pipeline.ts";
import type { Hello } from "./wire.ts";

/** The page cannot be served. */
export class ViewError extends Error {
  override name = "ViewError";
}

/** How the page is served. */
export interface ViewOptions {
  readonly address: ListenAddress;
  /** What clients of another machine must show. Default: a new one. */
  readonly token?: string;
  /** Whence's version, for the page. */
  readonly version: string;
  readonly log: Log;
}

/** Pages that may be open at once. */
const MOST_CLIENTS = 32;
/** Pause between two looks at the process, ms. */
const PROCESS_EVERY_MS = 1000;

const REFUSALS: Readonly<Record<Exclude<Verdict, "allowed" | "login">, string>> = {
  no_token: "Cannot show the page: open the link with the token that Whence printed at start",
  wrong_host: "Cannot show the page: open it as 127.0.0.1 or localhost",
  wrong_origin: "Cannot show the page: the request comes from another site",
};

const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob: data:",
    "media-src 'self' blob:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "cache-control": "no-store",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark light">
<title>Whence</title>
<link rel="icon" href="/icon.svg">
<link rel="stylesheet" href="/page.css">
<script type="module" src="/page.js"></script>
</head>
<body><div id="app"><noscript>This page needs JavaScript.</noscript></div></body>
</html>
`;

const MARKS = { sound: hexColor(HEAD_COLORS.sound), speech: hexColor(HEAD_COLORS.speech) };

const ICON =
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#14181d"/>
<circle cx="16" cy="16" r="3.5" fill="${MARKS.sound}"/><path d="M16 7a9 9 0 0 1 9 9" fill="none" stroke="${MARKS.sound}" stroke-width="2.6" stroke-linecap="round"/>
<path d="M16 25a9 9 0 0 1-9-9" fill="none" stroke="${MARKS.speech}" stroke-width="2.6" stroke-linecap="round"/></svg>`;

/** Serves the live page of the pipelines of this process. */
export class ViewServer implements AsyncDisposable {
  readonly #pipelines: readonly { readonly pipeline: ViewedPipeline; readonly recent: Recent }[];
  readonly #access: Access;
  readonly #token: string | undefined;
  readonly #options: ViewOptions;
  readonly #clients = new Map<WebSocket, Client>();
  readonly #connected = Promise.withResolvers<void>();
  readonly #session = newToken();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #timer: ReturnType<typeof setInterval>;
  #cpu = { usage: process.cpuUsage(), atMs: performance.now() };

  /**
   * Starts to serve.
   *
   * @throws {ViewError} when the address cannot be listened on.
   */
  constructor(pipelines: readonly ViewedPipeline[], options: ViewOptions) {
    const { address, log } = options;
    this.#options = options;
    this.#token = isLoopback(address.hostname) ? undefined : options.token ?? newToken();
    this.#access = new Access({ hostname: address.hostname, token: this.#token });
    try {
      this.#server = Deno.serve({
        ...address,
        onListen: () => {},
        onError: (error) => {
          log("error", `the page's server failed: ${error}`);
          return new Response("Cannot show the page", { status: 500 });
        },
      }, this.#app().fetch);
    } catch (error) {
      throw new ViewError(`Cannot serve the page on ${hostText(address)}: ${listenFault(error)}`);
    }
    this.#pipelines = pipelines.map((pipeline) => ({
      pipeline,
      recent: new Recent(pipeline.name, pipeline.telemetry),
    }));
    this.#timer = setInterval(() => this.#tellUse(), PROCESS_EVERY_MS);
  }

  /** The link to the page, with the token if one is needed. */
  get url(): string {
    const host = hostText(reachableAddress(this.#server.addr));
    return `http://${host}/${this.#token === undefined ? "" : `?token=${this.#token}`}`;
  }

  /** Settles when the first page has connected. */
  get connected(): Promise<void> {
    return this.#connected.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    for (const [socket, client] of this.#clients) {
      client[Symbol.dispose]();
      socket.close(1001, "the server stops");
    }
    await this.#server.shutdown();
    for (const { recent } of this.#pipelines) recent[Symbol.dispose]();
  }

  #app(): Hono {
    const app = new Hono();
    app.use(async (context, next) => {
      const verdict = this.#access.judge(context.req.raw);
      if (verdict === "login" && context.req.path === "/") {
        return new Response(null, {
          status: 303,
          headers: { ...HEADERS, location: "/", "set-cookie": this.#access.cookie },
        });
      }
      if (verdict !== "allowed" && verdict !== "login") {
        return context.text(`${REFUSALS[verdict]}\n`, 403, HEADERS);
      }
      await next();
    });
    app.get("/", (context) => context.html(PAGE, 200, HEADERS));
    app.get("/icon.svg", (context) => context.body(ICON, 200, typed("image/svg+xml")));
    app.get("/page.js", async (context) => {
      const { script } = await pageBundle();
      return context.body(script, 200, typed("text/javascript; charset=utf-8"));
    });
    app.get("/page.css", async (context) => {
      const { style } = await pageBundle();
      return context.body(style, 200, typed("text/css; charset=utf-8"));
    });
    app.get("/live", ({ req: { raw } }) => this.#connect(raw));
    app.get("/recordings/:pipeline/:name", async ({ req }) => {
      const found = this.#pipelines.find(({ pipeline: { name } }) =>
        name === req.param("pipeline")
      );
      const folder = found?.pipeline.recordings;
      const response = folder === undefined
        ? undefined
        : await recordingResponse(req.raw, folder, req.param("name"), HEADERS);
      return response ?? new Response("not found\n", { status: 404, headers: HEADERS });
    });
    app.notFound((context) => context.text("not found\n", 404, HEADERS));
    return app;
  }

  #connect(request: Request): Response {
    const text = (message: string, status: number) => new Response(`${message}\n`, { status });
    if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
      return text("Cannot connect: this address expects a WebSocket", 426);
    }
    // Browsers always send it; without it the request's origin is unknown.
    if (request.headers.get("origin") === null) return text(REFUSALS.wrong_origin, 403);
    if (this.#clients.size >= MOST_CLIENTS) {
      return text(`Cannot connect: ${MOST_CLIENTS} pages are open already`, 503);
    }
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      const client = new Client({
        socket,
        hello: this.#hello(),
        pipelines: this.#pipelines,
        changed: (pipeline) => this.#clients.forEach((client) => client.yaml(pipeline)),
      });
      this.#clients.set(socket, client);
      this.#count();
      this.#connected.resolve();
    };
    socket.onclose = socket.onerror = () => {
      this.#clients.get(socket)?.[Symbol.dispose]();
      this.#clients.delete(socket);
      this.#count();
    };
    return response;
  }

  #count(): void {
    for (const { recent } of this.#pipelines) recent.watched = this.#clients.size > 0;
  }

  #hello(): Hello {
    const { version } = this.#options;
    const pipelines = this.#pipelines.map(({ pipeline: { name } }) => name);
    return { pipelines, version, session: this.#session };
  }

  #tellUse(): void {
    const atMs = performance.now();
    const { user, system } = process.cpuUsage(this.#cpu.usage);
    const cpu = (user + system) / 1000 / (atMs - this.#cpu.atMs);
    this.#cpu = { usage: process.cpuUsage(), atMs };
    const { rss: rssBytes } = Deno.memoryUsage();
    for (const client of this.#clients.values()) client.use({ cpu, rssBytes });
  }
}

function typed(type: string): Record<string, string> {
  return { ...HEADERS, "content-type": type };
}
