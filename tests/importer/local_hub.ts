import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** How the local hub misbehaves. */
export interface Mischief {
  /** Only requests with this access token are answered. */
  token?: string;
  /** Storage breaks a transfer off after this many bytes, this many times. */
  breakAfter?: number;
  breaks?: number;
  /** Storage ignores `Range`. */
  noRanges?: boolean;
  /** Storage sends other bytes than announced. */
  corrupt?: boolean;
  /** Storage answers with this status, this many times. */
  status?: number;
  refusals?: number;
}

/** A server in the hub's layout on loopback: `resolve` redirects to a storage on another port. */
export class LocalHub implements AsyncDisposable {
  readonly endpoint: string;
  readonly mischief: Mischief = {};
  /** `Range` of each request to the storage; undefined for a whole file. */
  readonly ranges: (string | undefined)[] = [];
  /** `Authorization` of each request to the storage. */
  readonly authorizations: (string | undefined)[] = [];
  readonly #files: Map<string, Uint8Array<ArrayBuffer>>;
  readonly #front: Deno.HttpServer<Deno.NetAddr>;
  readonly #storage: Server;

  private constructor(repository: string, files: Record<string, Uint8Array<ArrayBuffer>>) {
    this.#files = new Map(Object.entries(files));
    this.#storage = createServer((request, response) => this.#store(request, response));
    this.#front = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => this.#resolve(request, repository),
    );
    this.endpoint = `http://127.0.0.1:${this.#front.addr.port}`;
  }

  static async start(
    repository: string,
    files: Record<string, Uint8Array<ArrayBuffer>>,
  ): Promise<LocalHub> {
    const hub = new LocalHub(repository, files);
    await new Promise<void>((resolve) => hub.#storage.listen(0, "127.0.0.1", resolve));
    return hub;
  }

  replace(name: string, bytes: Uint8Array<ArrayBuffer>): void {
    this.#files.set(name, bytes);
  }

  #resolve(request: Request, repository: string): Response {
    const { pathname } = new URL(request.url);
    const match = /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(pathname);
    if (match?.[1] !== repository) {
      return new Response("Repository not found", {
        status: 401,
        headers: { "x-error-code": "RepoNotFound", "x-error-message": "Repository not found" },
      });
    }
    const { token } = this.mischief;
    if (token !== undefined && request.headers.get("authorization") !== `Bearer ${token}`) {
      return new Response("Access denied", {
        status: 401,
        headers: { "x-error-code": "GatedRepo", "x-error-message": "Access is restricted" },
      });
    }
    const bytes = this.#files.get(match[3]);
    if (!bytes) return new Response("Entry not found", { status: 404 });
    const headers = { "x-repo-commit": "0123456789abcdef0123456789abcdef01234567" };
    if (bytes.length < 10_000) {
      const hash = createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
      const body = request.method === "HEAD" ? null : bytes;
      return new Response(body, {
        headers: { ...headers, etag: `"${hash}"`, "content-length": String(bytes.length) },
      });
    }
    const hash = createHash("sha256").update(bytes).digest("hex");
    return new Response(null, {
      status: 302,
      headers: {
        ...headers,
        location: `http://127.0.0.1:${(this.#storage.address() as AddressInfo).port}/${match[3]}`,
        "x-linked-size": String(bytes.length),
        "x-linked-etag": `"${hash}"`,
      },
    });
  }

  #store(request: IncomingMessage, response: ServerResponse): void {
    const { mischief } = this;
    let bytes = this.#files.get(request.url!.slice(1));
    if (!bytes) return void response.writeHead(404).end();
    // Storage addresses are signed for GET alone.
    if (request.method !== "GET") return void response.writeHead(403).end();
    const { range } = request.headers;
    this.ranges.push(range);
    this.authorizations.push(request.headers.authorization);
    if (mischief.status && (mischief.refusals ?? 0) > 0) {
      mischief.refusals!--;
      return void response.writeHead(mischief.status).end();
    }
    if (mischief.corrupt) bytes = bytes.map((byte, i) => i === 20_000 ? byte ^ 1 : byte);
    const resumed = range !== undefined && !mischief.noRanges;
    const part = bytes.subarray(resumed ? Number(/^bytes=(\d+)-$/.exec(range)![1]) : 0);
    response.writeHead(resumed ? 206 : 200, { "content-length": part.length });
    if (mischief.breakAfter === undefined || (mischief.breaks ?? 0) <= 0) {
      return void response.end(part);
    }
    mischief.breaks!--;
    response.write(part.subarray(0, mischief.breakAfter));
    setTimeout(() => response.destroy(), 30);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#storage.closeAllConnections();
    await new Promise((resolve) => this.#storage.close(resolve));
    await this.#front.shutdown();
  }
}
