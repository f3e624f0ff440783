import { Buffer } from "node:buffer";
import { setTimeout as delay } from "node:timers/promises";
import { getCACertificates } from "node:tls";
import { Client, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { ModelError } from "../../manifest.ts";
import { UnavailableError } from "../../unavailable_error.ts";
import type { ServedModel, Tensor, TensorInfo } from "../session.ts";
import type { OipAddress } from "./oip_address.ts";
import { FACTS_LIMIT_MS, MOST_TEXT, type OipClient, RETRY_MS } from "./oip_client.ts";
import { checkComplete, checkedTensor, DATATYPES } from "./oip_message.ts";
import {
  type GrpcInferRequest,
  type GrpcInferResponse,
  type GrpcTensor,
  inferenceService,
  MESSAGE_LIMITS,
} from "./oip_service.ts";
import {
  readModelFacts,
  type ServedModelFacts,
  type ServerFacts,
  serverFactsSchema,
} from "./served_facts.ts";

/** A server that restarts is connected to again after this time at the latest, ms. */
const RECONNECT_MS = { first: 200, most: 2000 };

/** Statuses of a connection that failed and of a server that is too busy. */
const BUSY: readonly number[] = [status.UNAVAILABLE, status.RESOURCE_EXHAUSTED];

/** The Open Inference Protocol v2 over gRPC, with tensors as bytes. */
export class OipGrpcClient implements OipClient {
  readonly address: OipAddress;
  readonly #service = inferenceService();
  #client: Client;

  constructor(address: OipAddress) {
    this.address = address;
    this.#client = this.#connect();
  }

  async facts(): Promise<ServerFacts> {
    const what = `use ${this.address.url}`;
    await this.#requireReady(what, "the server", "ServerReady", {});
    const facts = serverFactsSchema.parse(await this.#call(what, "ServerMetadata", {}));
    return { name: facts.name || "?", version: facts.version || "?" };
  }

  async model({ name, version }: ServedModel): Promise<ServedModelFacts> {
    const what = `use ${name} on ${this.address.url}`;
    const metadata = await this.#call(what, "ModelMetadata", { name, version: "" });
    const facts = readModelFacts(what, metadata, version);
    const request = { name, version: facts.version ?? "" };
    await this.#requireReady(what, "the model", "ModelReady", request);
    return facts;
  }

  async infer(
    name: string,
    { version, outputs }: ServedModelFacts,
    feeds: Readonly<Record<string, Tensor>>,
    limitMs: number,
  ): Promise<Record<string, Tensor>> {
    const what = `run ${name} on ${this.address.url}`;
    const request: GrpcInferRequest = {
      modelName: name,
      modelVersion: version ?? "",
      // Optional in the protocol, but KServe fails without it.
      id: crypto.randomUUID(),
      inputs: Object.entries(feeds).map(([name, { type, dims }]) => ({
        name,
        datatype: DATATYPES[type],
        shape: dims,
      })),
      outputs: outputs.map(({ name }) => ({ name })),
      rawInputContents: Object.values(feeds).map(({ data }) =>
        new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      ),
    };
    const response = await this.#call(what, "ModelInfer", request, limitMs);
    try {
      return readOutputs(response as GrpcInferResponse, outputs);
    } catch (cause) {
      throw new ModelError(`Cannot ${what}: ${(cause as Error).message}`, { cause });
    }
  }

  close(): void {
    this.#client.close();
  }

  #connect(): Client {
    const isSafe = this.address.protocol === "grpcs";
    return new Client(
      this.address.host,
      isSafe ? credentials.createSsl(trustedRoots()) : credentials.createInsecure(),
      {
        ...MESSAGE_LIMITS,
        "grpc.initial_reconnect_backoff_ms": RECONNECT_MS.first,
        "grpc.min_reconnect_backoff_ms": RECONNECT_MS.first,
        "grpc.max_reconnect_backoff_ms": RECONNECT_MS.most,
        // A second client must not take over a dead connection of the first.
        "grpc.use_local_subchannel_pool": 1,
        "grpc.enable_http_proxy": 0,
      },
    );
  }

  async #requireReady(
    what: string,
    subject: string,
    method: string,
    request: unknown,
  ): Promise<void> {
    const { ready } = await this.#call(what, method, request) as { ready: boolean };
    if (!ready) throw new UnavailableError(`Cannot ${what}: ${subject} is not ready`);
  }

  async #call(
    what: string,
    method: string,
    request: unknown,
    limitMs = FACTS_LIMIT_MS,
  ): Promise<unknown> {
    const deadlineMs = Date.now() + limitMs;
    for (let tries = 1;; tries++) {
      try {
        return await this.#callOnce(method, request, deadlineMs);
      } catch (error) {
        const { code, details } = error as ServiceError;
        if (code === status.DEADLINE_EXCEEDED || Date.now() > deadlineMs) {
          this.#reconnect();
          throw new UnavailableError(
            `Cannot ${what}: it must respond within ${limitMs / 1000} s`,
          );
        }
        if (!BUSY.includes(code)) {
          throw new ModelError(`Cannot ${what}: ${faultText(code, details)}`);
        }
        if (tries === 2) throw new UnavailableError(`Cannot ${what}: ${faultText(code, details)}`);
      }
      await delay(RETRY_MS);
    }
  }

  #callOnce(method: string, request: unknown, deadline: number): Promise<unknown> {
    const { path, requestSerialize, responseDeserialize } = this.#service[method];
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        new Metadata(),
        { deadline },
        (error, response) => error ? reject(error) : resolve(response),
      );
    });
  }

  /** A machine that lost its power leaves a connection that is open and dead. */
  #reconnect(): void {
    this.#client.close();
    this.#client = this.#connect();
  }
}

/**
 * The authorities that Deno trusts, in PEM: grpc-js takes none of `DENO_CERT`.
 *
 * @throws {ModelError} when the file that `DENO_CERT` names cannot be read.
 */
function trustedRoots(): Buffer {
  const own = Deno.env.get("DENO_CERT");
  try {
    const added = own ? [Deno.readTextFileSync(own)] : [];
    return Buffer.from([...getCACertificates("default"), ...added].join("\n"));
  } catch (cause) {
    const reason = `DENO_CERT must be a readable file, got ${own}`;
    throw new ModelError(`Cannot use gRPC with TLS: ${reason}`, { cause });
  }
}

function readOutputs(
  { outputs: sent, rawOutputContents: raw }: GrpcInferResponse,
  wanted: readonly TensorInfo[],
): Record<string, Tensor> {
  const tensors: Record<string, Tensor> = {};
  sent.forEach((tensor, i) => {
    const { name, datatype, shape } = tensor;
    const info = wanted.find((output) => output.name === name);
    if (info === undefined) return;
    const bytes = raw.length > 0 ? new Uint8Array(raw[i] ?? []) : undefined;
    tensors[name] = checkedTensor(info, datatype, shape, bytes ?? numbersOf(tensor, info));
  });
  checkComplete(tensors, wanted);
  return tensors;
}

/** The numbers of a tensor that a server did not send as bytes. */
function numbersOf({ contents }: GrpcTensor, { type }: TensorInfo): Tensor["data"] {
  if (type === "uint8") return Uint8Array.from(contents?.uintContents ?? []);
  if (type === "float32") return Float32Array.from(contents?.fp32Contents ?? []);
  return BigInt64Array.from(contents?.int64Contents ?? [], BigInt);
}

/** What a server or the connection reported, in one line. */
function faultText(code: number, details: string): string {
  const line = details.replace(/\s+/g, " ").trim().slice(0, MOST_TEXT);
  if (code === status.UNIMPLEMENTED) {
    return "it must be a server of the Open Inference Protocol v2 over gRPC, got UNIMPLEMENTED";
  }
  if (code === status.UNAVAILABLE) return connectionFault(line);
  return `the server returned ${status[code] ?? code}${line === "" ? "" : `: ${line}`}`;
}

/** grpc-js puts the reason into a longer text. */
function connectionFault(line: string): string {
  if (/ECONNREFUSED/.test(line)) return "connection refused";
  if (/ECONNRESET|connection dropped/i.test(line)) return "connection reset";
  if (/name resolution failed/i.test(line)) return "the host name was not found";
  const certificate = /certificate|UnknownIssuer|SELF_SIGNED|UNABLE_TO/i.test(line);
  return certificate ? `certificate rejected (${line})` : line;
}
