import type { Tensor } from "onnxruntime-node";
import type { ModelFolder } from "../../../../src/model/manifest.ts";
import {
  answerCall,
  calledMethod,
  type GrpcTensor,
  type InferRequest,
  STATUS,
  StatusError,
} from "./grpc_service.ts";
import {
  closeParts,
  type Datatype,
  metadataOf,
  openParts,
  type Part,
  tensorOf,
} from "./served_parts.ts";

/** Counterparts of HTTP's status codes. */
const GRPC_STATUS = {
  400: STATUS.INVALID_ARGUMENT,
  404: STATUS.NOT_FOUND,
  503: STATUS.UNAVAILABLE,
};
const HEADER = "Inference-Header-Content-Length";

/** What a test may change in a server that follows the protocol otherwise. */
export interface ServerBends {
  /** What {@linkcode OipServer.library} says; the server takes both. */
  readonly protocol?: "http" | "grpc";
  /** 0 takes a free one. */
  readonly port?: number;
  /** Computes nothing until this time has passed, ms. */
  readonly delayMs?: number;
  /** In the metadata of all models. */
  readonly versions?: readonly string[];
  /** Not ready to serve any model. */
  readonly loading?: boolean;
  /** Answers the first inference with this HTTP status, and its counterpart of gRPC, instead. */
  readonly firstStatus?: keyof typeof GRPC_STATUS;
  /** Returns lists of numbers, as servers without the extension for bytes do. */
  readonly lists?: boolean;
  /** Channels that are missing at the end of every output. */
  readonly cut?: number;
  /** Renames a tensor in the metadata. */
  readonly rename?: (name: string) => string;
  /** PEM texts of a TLS server. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

interface RequestHeader {
  readonly inputs: readonly {
    name: string;
    shape: number[];
    datatype: Datatype;
    parameters: { binary_data_size: number };
  }[];
}

interface Output {
  readonly name: string;
  readonly shape: number[];
  readonly values: Float32Array<ArrayBuffer>;
}

/** A server of the Open Inference Protocol v2 over HTTP and gRPC in this process; onnxruntime-node computes. */
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
      ...bends.tls,
    }, (request) => this.#answer(request));
  }

  static async open(folder: ModelFolder, bends: ServerBends = {}): Promise<OipServer> {
    return new OipServer(await openParts(folder), bends);
  }

  get port(): number {
    return this.#http.addr.port;
  }

  /** As `runtime.library` takes it. */
  get library(): string {
    const { protocol = "http", tls } = this.#bends;
    return `oip+${protocol}${tls ? "s" : ""}://127.0.0.1:${this.port}`;
  }

  /** Takes no more requests (GOAWAY), and ends after those under way. */
  async shutDown(): Promise<void> {
    await this.#http.shutdown();
    await closeParts(this.#parts);
  }

  /** As {@linkcode shutDown}, without the delay of requests under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.shutDown();
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    this.requests.push(pathname);
    const method = calledMethod(request);
    if (method !== undefined) {
      return await answerCall(request, method, (fields) => this.#call(method, fields));
    }
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
    return Response.json({ name: match[1], versions, ...metadataOf(part, this.#bends.rename) });
  }

  #call(method: string, fields: Record<string, unknown>): Promise<object> | object {
    const { loading = false, versions = [], rename } = this.#bends;
    if (method === "ServerReady") return { ready: !loading };
    if (method === "ServerMetadata") return { name: "test-server", version: "1.2" };
    const part = this.#parts.get(String(fields.name ?? fields.modelName));
    if (part === undefined) throw new StatusError(STATUS.NOT_FOUND, "unknown model");
    const version = String(fields.version ?? fields.modelVersion);
    if (version !== "" && !versions.includes(version)) {
      throw new StatusError(STATUS.NOT_FOUND, "unknown version");
    }
    if (method === "ModelReady") return { ready: true };
    if (method === "ModelMetadata") {
      return { name: fields.name, versions, ...metadataOf(part, rename) };
    }
    return this.#inferCall(fields as unknown as InferRequest, part);
  }

  async #infer(request: Request, part: Part): Promise<Response> {
    const body = new Uint8Array(await request.arrayBuffer());
    if (this.#failsNow()) {
      return Response.json({ error: "try again" }, { status: this.#bends.firstStatus });
    }
    let offset = Number(request.headers.get(HEADER));
    const header: RequestHeader = JSON.parse(new TextDecoder().decode(body.subarray(0, offset)));
    const feeds: Record<string, Tensor> = {};
    for (const { name, shape, datatype, parameters } of header.inputs) {
      const bytes = body.slice(offset, offset += parameters.binary_data_size);
      feeds[name] = tensorOf(datatype, shape, bytes);
    }
    let outputs: Output[];
    try {
      outputs = await this.#run(part, feeds);
    } catch (error) {
      return Response.json({ error: (error as Error).message }, { status: 400 });
    }
    if (this.#bends.lists) {
      return Response.json({
        outputs: outputs.map(({ name, shape, values }) => ({
          name,
          shape,
          datatype: "FP32",
          data: [...values],
        })),
      });
    }
    const head = new TextEncoder().encode(JSON.stringify({
      outputs: outputs.map(({ name, shape, values }) => ({
        name,
        shape,
        datatype: "FP32",
        parameters: { binary_data_size: values.byteLength },
      })),
    }));
    const blob = new Blob([head, ...outputs.map(({ values }) => values)]);
    return new Response(blob, { headers: { [HEADER]: String(head.length) } });
  }

  async #inferCall({ inputs, rawInputContents }: InferRequest, part: Part): Promise<object> {
    if (this.#failsNow()) {
      throw new StatusError(GRPC_STATUS[this.#bends.firstStatus ?? 503], "try again");
    }
    const feeds = Object.fromEntries(
      inputs.map(({ name, datatype, shape }, i) => [
        name,
        tensorOf(datatype as Datatype, shape, new Uint8Array(rawInputContents[i])),
      ]),
    );
    let outputs: Output[];
    try {
      outputs = await this.#run(part, feeds);
    } catch (error) {
      throw new StatusError(STATUS.INVALID_ARGUMENT, (error as Error).message);
    }
    const { lists } = this.#bends;
    return {
      outputs: outputs.map(({ name, shape, values }): GrpcTensor => ({
        name,
        shape,
        datatype: "FP32",
        ...(lists && { contents: { fp32Contents: [...values] } }),
      })),
      rawOutputContents: lists ? [] : outputs.map(({ values }) => new Uint8Array(values.buffer)),
    };
  }

  #failsNow(): boolean {
    if (this.#bends.firstStatus === undefined || this.#failed) return false;
    return this.#failed = true;
  }

  async #run({ session }: Part, feeds: Record<string, Tensor>): Promise<Output[]> {
    const { delayMs, cut = 0 } = this.#bends;
    if (delayMs !== undefined) await this.#pause(delayMs);
    return Object.entries(await session.run(feeds)).map(([name, value]) => {
      const { dims, data } = value as Tensor;
      const shape = [dims[0], dims[1] - cut, ...dims.slice(2)];
      const values = (data as Float32Array).slice(0, shape.reduce((a, b) => a * b, 1));
      return { name, shape, values };
    });
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
