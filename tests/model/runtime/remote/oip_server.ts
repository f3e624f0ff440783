import { InferenceSession, Tensor } from "onnxruntime-node";
import type { ModelFolder } from "../../../../src/model/manifest.ts";

const HEADER = "Inference-Header-Content-Length";
const ARRAYS = { UINT8: Uint8Array, FP32: Float32Array, INT64: BigInt64Array } as const;
const TYPES = { UINT8: "uint8", FP32: "float32", INT64: "int64" } as const;

/** What a test may change in a server that follows the protocol otherwise. */
export interface ServerBends {
  /** 0 takes a free one. */
  readonly port?: number;
  /** Computes nothing until this time has passed, ms. */
  readonly delayMs?: number;
  /** In the metadata of all models. */
  readonly versions?: readonly string[];
  /** Not ready to serve any model. */
  readonly loading?: boolean;
  /** Answers the first inference with this status instead. */
  readonly firstStatus?: number;
  /** Returns numbers in JSON, as servers without the extension do. */
  readonly json?: boolean;
  /** Channels that are missing at the end of every output. */
  readonly cut?: number;
  /** Renames a tensor in the metadata. */
  readonly rename?: (name: string) => string;
}

interface Part {
  readonly session: InferenceSession;
}

interface RequestHeader {
  readonly inputs: readonly {
    name: string;
    shape: number[];
    datatype: keyof typeof ARRAYS;
    parameters: { binary_data_size: number };
  }[];
}

/** A server of the Open Inference Protocol v2 over HTTP in this process; onnxruntime-node computes. */
export class OipServer implements AsyncDisposable {
  /** Paths of all requests. */
  readonly requests: string[] = [];
  readonly #bends: ServerBends;
  readonly #parts: ReadonlyMap<string, Part>;
  readonly #http: Deno.HttpServer<Deno.NetAddr>;
  readonly #stop = new AbortController();
  #failed = false;

  private constructor(parts: ReadonlyMap<string, Part>, bends: ServerBends) {
    this.#parts = parts;
    this.#bends = bends;
    this.#http = Deno.serve({
      port: bends.port ?? 0,
      hostname: "127.0.0.1",
      onListen: () => {},
    }, (request) => this.#answer(request));
  }

  static async open({ path, manifest }: ModelFolder, bends: ServerBends = {}): Promise<OipServer> {
    const parts = new Map<string, Part>();
    for (const part of ["image", "audio"] as const) {
      const session = await InferenceSession.create(`${path}/${manifest[part].file}`, {
        intraOpNumThreads: 1,
        extra: { session: { intra_op: { allow_spinning: "0" } } },
      });
      parts.set(`${manifest.name}-${part}`, { session });
    }
    return new OipServer(parts, bends);
  }

  get port(): number {
    return this.#http.addr.port;
  }

  /** As `runtime.library` takes it. */
  get library(): string {
    return `oip+http://127.0.0.1:${this.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#http.shutdown();
    for (const { session } of this.#parts.values()) await session.release();
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    this.requests.push(pathname);
    const { loading, versions } = this.#bends;
    if (pathname === "/v2/health/ready") return new Response(null, { status: loading ? 503 : 200 });
    if (pathname === "/v2") {
      return Response.json({
        name: "test-server",
        version: "1.2",
        extensions: ["binary_tensor_data"],
      });
    }
    const match = /^\/v2\/models\/([^/]+)(?:\/versions\/([^/]+))?(\/ready|\/infer)?$/.exec(
      pathname,
    );
    const part = match && this.#parts.get(match[1]);
    if (!match || !part) return Response.json({ error: "unknown model" }, { status: 404 });
    if (match[2] !== undefined && !versions?.includes(match[2])) {
      return Response.json({ error: "unknown version" }, { status: 404 });
    }
    if (match[3] === "/ready") return new Response();
    if (match[3] === "/infer") return await this.#infer(request, part);
    return Response.json({ name: match[1], versions, ...this.#metadata(part) });
  }

  #metadata({ session }: Part) {
    const rename = this.#bends.rename ?? ((name: string) => name);
    const describe = (all: readonly InferenceSession.ValueMetadata[]) =>
      all.filter((tensor) => tensor.isTensor).map(({ name, type, shape }) => ({
        name: rename(name),
        datatype: Object.entries(TYPES).find(([, local]) => local === type)?.[0] ?? type,
        shape: shape.map((n) => typeof n === "number" ? n : -1),
      }));
    return { inputs: describe(session.inputMetadata), outputs: describe(session.outputMetadata) };
  }

  async #infer(request: Request, { session }: Part): Promise<Response> {
    const body = new Uint8Array(await request.arrayBuffer());
    const { firstStatus, delayMs, json, cut = 0 } = this.#bends;
    if (firstStatus !== undefined && !this.#failed) {
      this.#failed = true;
      return Response.json({ error: "try again" }, { status: firstStatus });
    }
    if (delayMs !== undefined) await this.#pause(delayMs);
    let offset = Number(request.headers.get(HEADER));
    const header: RequestHeader = JSON.parse(new TextDecoder().decode(body.subarray(0, offset)));
    const feeds: Record<string, Tensor> = {};
    for (const { name, shape, datatype, parameters } of header.inputs) {
      const bytes = body.slice(offset, offset += parameters.binary_data_size);
      feeds[name] = new Tensor(
        TYPES[datatype],
        new ARRAYS[datatype](bytes.buffer) as Float32Array,
        shape,
      );
    }
    let results;
    try {
      results = await session.run(feeds);
    } catch (error) {
      return Response.json({ error: (error as Error).message }, { status: 400 });
    }
    const outputs = Object.entries(results).map(([name, value]) => {
      const { dims, data } = value as Tensor;
      const shape = [dims[0], dims[1] - cut, ...dims.slice(2)];
      const kept = (data as Float32Array).slice(0, shape.reduce((a, b) => a * b, 1));
      return { name, shape, kept };
    });
    if (json) {
      return Response.json({
        outputs: outputs.map(({ name, shape, kept }) => ({
          name,
          shape,
          datatype: "FP32",
          data: [...kept],
        })),
      });
    }
    const head = new TextEncoder().encode(JSON.stringify({
      outputs: outputs.map(({ name, shape, kept }) => ({
        name,
        shape,
        datatype: "FP32",
        parameters: { binary_data_size: kept.byteLength },
      })),
    }));
    const blob = new Blob([head, ...outputs.map(({ kept }) => kept)]);
    return new Response(blob, { headers: { [HEADER]: String(head.length) } });
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#stop.signal.addEventListener("abort", () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
