import { Buffer } from "node:buffer";
import {
  type sendUnaryData,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  status,
} from "@grpc/grpc-js";
import type { Tensor } from "onnxruntime-node";
import type { ModelFolder } from "../../../../src/model/manifest.ts";
import {
  type GrpcInferRequest,
  inferenceService,
  MESSAGE_LIMITS,
} from "../../../../src/model/runtime/remote/oip_service.ts";
import {
  closeParts,
  type Datatype,
  metadataOf,
  openParts,
  type Part,
  tensorOf,
} from "./served_parts.ts";

/** What a test may change in a gRPC server that follows the protocol otherwise. */
export interface GrpcServerBends {
  /** 0 takes a free one. */
  readonly port?: number;
  /** Answers an inference only after this time, ms. */
  readonly delayMs?: number;
  readonly versions?: readonly string[];
  /** Not ready to serve any model. */
  readonly loading?: boolean;
  /** Answers the first inference with this status instead. */
  readonly firstStatus?: number;
  /** Returns lists of numbers instead of bytes. */
  readonly lists?: boolean;
  /** Channels that are missing at the end of every output. */
  readonly cut?: number;
  /** PEM texts of a TLS server. */
  readonly tls?: {
    readonly ca: Uint8Array;
    readonly cert: Uint8Array;
    readonly key: Uint8Array;
  };
}

/** A server of the Open Inference Protocol v2 over gRPC in this process; onnxruntime-node computes. */
export class OipGrpcServer implements AsyncDisposable {
  /** Methods of all requests, with the model's name. */
  readonly requests: string[] = [];
  readonly #parts: ReadonlyMap<string, Part>;
  readonly #bends: GrpcServerBends;
  readonly #server = new Server(MESSAGE_LIMITS);
  readonly #stop = new AbortController();
  #port = 0;
  #failed = false;

  private constructor(parts: ReadonlyMap<string, Part>, bends: GrpcServerBends) {
    this.#parts = parts;
    this.#bends = bends;
    const { loading = false, versions = [] } = bends;
    this.#server.addService(inferenceService(), {
      ServerReady: this.#answer(() => ({ ready: !loading })),
      ServerMetadata: this.#answer(() => ({ name: "test-server", version: "1.2" })),
      ModelReady: this.#answer(({ name }) => ({ ready: this.#part(name as string) !== undefined })),
      ModelMetadata: this.#answer(({ name }) => ({
        name,
        versions,
        ...metadataOf(this.#part(name as string)),
      })),
      ModelInfer: this.#answer((request) => this.#infer(request as unknown as GrpcInferRequest)),
    });
  }

  static async open(folder: ModelFolder, bends: GrpcServerBends = {}): Promise<OipGrpcServer> {
    const server = new OipGrpcServer(await openParts(folder), bends);
    const { tls, port = 0 } = bends;
    const credentials = tls === undefined
      ? ServerCredentials.createInsecure()
      // Deno sends the names of all authorities, which are too many unless it is given one.
      : ServerCredentials.createSsl(Buffer.from(tls.ca), [{
        cert_chain: Buffer.from(tls.cert),
        private_key: Buffer.from(tls.key),
      }]);
    server.#port = await new Promise<number>((resolve, reject) =>
      server.#server.bindAsync(
        `127.0.0.1:${port}`,
        credentials,
        (error, bound) => error ? reject(error) : resolve(bound),
      )
    );
    return server;
  }

  get port(): number {
    return this.#port;
  }

  /** As `runtime.library` takes it. */
  get library(): string {
    return this.#bends.tls === undefined
      ? `oip+grpc://127.0.0.1:${this.#port}`
      : `oip+grpcs://localhost:${this.#port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#server.forceShutdown();
    await closeParts(this.#parts);
  }

  #answer(work: (request: Record<string, unknown>) => unknown) {
    return (
      call: ServerUnaryCall<Record<string, unknown>, unknown>,
      reply: sendUnaryData<unknown>,
    ) => {
      const { request } = call;
      const method = call.getPath().replace(/^.*\//, "");
      this.requests.push(`${method} ${request.name ?? request.modelName ?? ""}`.trim());
      Promise.resolve().then(() => work(request)).then(
        (response) => reply(null, response),
        (error) => reply({ code: error.code ?? status.INTERNAL, details: error.message }),
      );
    };
  }

  #part(name: string): Part {
    const part = this.#parts.get(name);
    if (part !== undefined) return part;
    throw Object.assign(new Error("unknown model"), { code: status.NOT_FOUND });
  }

  async #infer({ modelName, inputs, rawInputContents }: GrpcInferRequest): Promise<unknown> {
    const { firstStatus, delayMs, lists, cut = 0 } = this.#bends;
    if (firstStatus !== undefined && !this.#failed) {
      this.#failed = true;
      throw Object.assign(new Error("try again"), { code: firstStatus });
    }
    if (delayMs !== undefined) await this.#pause(delayMs);
    const feeds = Object.fromEntries(
      inputs.map(({ name, datatype, shape }, i) => [
        name,
        tensorOf(datatype as Datatype, shape, new Uint8Array(rawInputContents[i])),
      ]),
    );
    const results = await this.#part(modelName).session.run(feeds);
    const outputs = Object.entries(results).map(([name, value]) => {
      const { dims, data } = value as Tensor;
      const shape = [dims[0], dims[1] - cut, ...dims.slice(2)];
      const kept = (data as Float32Array).slice(0, shape.reduce((a, b) => a * b, 1));
      return { name, shape, kept };
    });
    return {
      modelName,
      outputs: outputs.map(({ name, shape, kept }) => ({
        name,
        shape,
        datatype: "FP32",
        ...(lists && { contents: { fp32Contents: [...kept] } }),
      })),
      rawOutputContents: lists ? [] : outputs.map(({ kept }) => new Uint8Array(kept.buffer)),
    };
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
