import { ModelError } from "../../manifest.ts";
import { UnavailableError } from "../../unavailable_error.ts";
import type { ServedModel, Tensor } from "../session.ts";
import { callHeaders, framed, type GrpcResult, readResult, STATUS } from "./grpc_call.ts";
import type { OipAddress } from "./oip_address.ts";
import { EXPORT_HINT, FACTS_LIMIT_MS, type OipClient } from "./oip_client.ts";
import {
  decodeResult,
  encodeCall,
  inferFields,
  type Method,
  methodPath,
  readOutputs,
} from "./oip_grpc_message.ts";
import { fetchAnswer, lateError, sendTwice } from "./oip_request.ts";
import {
  readModelFacts,
  type ServedModelFacts,
  type ServerFacts,
  serverFactsSchema,
} from "./served_facts.ts";

/**
 * The Open Inference Protocol v2 over gRPC, with tensors as bytes. All calls share one HTTP/2 connection, which is Deno's
 * `fetch`: `node:http2`, on which grpc-js runs, ends the process when a server shuts down gracefully (Deno 2.9.6).
 */
export class OipGrpcClient implements OipClient {
  readonly address: OipAddress;
  readonly #url: string;
  #http = connection();

  constructor(address: OipAddress) {
    this.address = address;
    this.#url = address.url.replace(/^grpc/, "http");
  }

  async facts(): Promise<ServerFacts> {
    const what = `use ${this.address.url}`;
    await this.#requireReady(what, "the server", "ServerReady", {});
    const facts = serverFactsSchema.parse(await this.#call(what, "ServerMetadata", {}));
    return { name: facts.name || "?", version: facts.version || "?" };
  }

  async model({ name, version }: ServedModel): Promise<ServedModelFacts> {
    const what = `use ${name} on ${this.address.url}`;
    const metadata = await this.#call(what, "ModelMetadata", { name });
    const facts = readModelFacts(what, metadata, version);
    await this.#requireReady(what, "the model", "ModelReady", {
      name,
      version: facts.version ?? "",
    });
    return facts;
  }

  async infer(
    name: string,
    { version, outputs }: ServedModelFacts,
    feeds: Readonly<Record<string, Tensor>>,
    limitMs: number,
  ): Promise<Record<string, Tensor>> {
    const what = `run ${name} on ${this.address.url}`;
    const fields = inferFields(name, version ?? "", feeds, outputs);
    const result = await this.#call(what, "ModelInfer", fields, limitMs);
    try {
      return readOutputs(result, outputs);
    } catch (cause) {
      throw new ModelError(`Cannot ${what}: ${(cause as Error).message}`, { cause });
    }
  }

  close(): void {
    this.#http.close();
  }

  async #requireReady(
    what: string,
    subject: string,
    method: "ServerReady" | "ModelReady",
    fields: Record<string, unknown>,
  ): Promise<void> {
    const { ready } = await this.#call(what, method, fields) as { ready: boolean };
    if (!ready) throw new UnavailableError(`Cannot ${what}: ${subject} is not ready`);
  }

  async #call(
    what: string,
    method: Method,
    fields: Record<string, unknown>,
    limitMs = FACTS_LIMIT_MS,
  ): Promise<unknown> {
    const body = framed(encodeCall(method, fields));
    // KServe returns NOT_FOUND while it shuts down, for a model that was there before.
    const gone = method === "ModelInfer" ? STATUS.NOT_FOUND : undefined;
    const result = await sendTwice(
      what,
      limitMs,
      (signal, leftMs) => this.#callOnce(method, body, signal, leftMs),
      (result) =>
        "fault" in result && (result.busy || gone !== undefined && result.code === gone)
          ? result.fault
          : undefined,
    );
    if ("fault" in result) throw faultOf(what, method, limitMs, result);
    try {
      return decodeResult(method, result.message);
    } catch (cause) {
      throw new ModelError(`Cannot ${what}: the response must be a protobuf message`, { cause });
    }
  }

  async #callOnce(
    method: Method,
    body: Uint8Array<ArrayBuffer>,
    signal: AbortSignal,
    leftMs: number,
  ): Promise<GrpcResult> {
    const http = this.#http;
    try {
      const answer = await fetchAnswer(`${this.#url}${methodPath(method)}`, {
        client: http,
        method: "POST",
        headers: callHeaders(leftMs),
        body,
        signal,
      });
      return readResult(answer);
    } catch (error) {
      if (signal.aborted) this.#replace(http);
      throw error;
    }
  }

  /** A machine that lost its power leaves a connection that is open and dead. Other calls on it go on. */
  #replace(http: Deno.HttpClient): void {
    if (this.#http !== http) return;
    this.#http = connection();
    http.close();
  }
}

function connection(): Deno.HttpClient {
  return Deno.createHttpClient({ http1: false, http2: true });
}

function faultOf(
  what: string,
  method: Method,
  limitMs: number,
  { fault, code }: Extract<GrpcResult, { fault: string }>,
): ModelError {
  if (code === STATUS.DEADLINE_EXCEEDED) return lateError(what, limitMs);
  if (code === STATUS.UNIMPLEMENTED) {
    const reason = "it must be a server of the Open Inference Protocol v2 over gRPC";
    return new ModelError(`Cannot ${what}: ${reason}, got UNIMPLEMENTED`);
  }
  const hint = method === "ModelMetadata" ? ` ${EXPORT_HINT}` : "";
  return new ModelError(`Cannot ${what}: ${fault}${hint}`);
}
