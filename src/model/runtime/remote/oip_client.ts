import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { ModelError } from "../../manifest.ts";
import { UnavailableError } from "../../unavailable_error.ts";
import type { ServedModel, Tensor, TensorInfo } from "../session.ts";
import type { OipAddress } from "./oip_address.ts";
import { decodeResponse, encodeRequest, HEADER_LENGTH, parseJson, typeOf } from "./oip_message.ts";

/** What a server says of itself. */
export interface ServerFacts {
  readonly name: string;
  readonly version: string;
}

/** Inputs and outputs of a model on a server, and the path to run it. */
export interface ServedModelFacts {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /** Path of the version to run, such as `/v2/models/denseav-mini-image/versions/4`. */
  readonly path: string;
}

/** Time limit of requests that compute nothing, ms. */
const FACTS_LIMIT_MS = 5_000;
/** A proxy in front of a server that restarts gives these. */
const BUSY = [429, 502, 503, 504];
/** Pause before the second try, ms. */
const RETRY_MS = 200;

const factsSchema = z.object({ name: z.string().default("?"), version: z.string().default("?") });
const tensorsSchema = z.array(
  z.object({ name: z.string(), datatype: z.string(), shape: z.array(z.coerce.number().int()) }),
);
const modelSchema = z.object({
  versions: z.array(z.string()).nullish(),
  inputs: tensorsSchema,
  outputs: tensorsSchema,
});

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer>;
}

/**
 * Client of a server of the Open Inference Protocol v2 over HTTP
 * (https://github.com/kserve/open-inference-protocol), with the binary tensor extension.
 *
 * A request whose connection fails, or that the server is too busy for, is sent a second time.
 */
export class OipClient {
  readonly address: OipAddress;
  readonly #http = Deno.createHttpClient({ http2: false });

  constructor(address: OipAddress) {
    this.address = address;
  }

  /**
   * Name and version of a server that is ready.
   *
   * @throws {UnavailableError} when it cannot be reached or is not ready.
   */
  async facts(): Promise<ServerFacts> {
    const what = `use ${this.address.url}`;
    const { status } = await this.#get("/v2/health/ready", what);
    if (status !== 200) {
      throw new UnavailableError(`Cannot ${what}: the server is not ready (HTTP ${status})`);
    }
    const answer = await this.#get("/v2", what);
    const facts = factsSchema.safeParse(parseJson(answer.body));
    if (answer.status !== 200 || !facts.success) {
      throw new ModelError(
        `Cannot ${what}: it must be a server of the Open Inference Protocol v2, ` +
          `got HTTP ${answer.status} from /v2`,
      );
    }
    return facts.data;
  }

  /**
   * Inputs and outputs of a model that is ready.
   *
   * @throws {ModelError} when the server has no such model or version, or tensors of other types.
   * @throws {UnavailableError} when it cannot be reached or has not loaded the model yet.
   */
  async model({ name, version }: ServedModel): Promise<ServedModelFacts> {
    const what = `use ${name} on ${this.address.url}`;
    const base = `/v2/models/${encodeURIComponent(name)}`;
    const answer = await this.#get(base, what);
    if (answer.status !== 200) {
      throw new ModelError(
        `Cannot ${what}: ${faultText(answer)} (whence model export-repository writes its files)`,
      );
    }
    const found = modelSchema.safeParse(parseJson(answer.body));
    if (!found.success) {
      throw new ModelError(`Cannot ${what}: its metadata must give inputs and outputs`);
    }
    const versions = found.data.versions ?? [];
    if (versions.length > 0 && !versions.includes(String(version))) {
      throw new ModelError(
        `Cannot ${what}: version must be ${version} as in model.yaml, got ${versions.join(", ")}`,
      );
    }
    const path = versions.length > 0 ? `${base}/versions/${version}` : base;
    const { status } = await this.#get(`${path}/ready`, what);
    if (status !== 200) {
      throw new UnavailableError(`Cannot ${what}: the model is not ready (HTTP ${status})`);
    }
    const describe = (side: string, tensors: z.output<typeof tensorsSchema>): TensorInfo[] =>
      tensors.map(({ name, datatype, shape }) => {
        const type = typeOf(datatype);
        if (type !== undefined) return { name, type, dims: shape.map((n) => n < 0 ? -1 : n) };
        throw new ModelError(
          `Cannot ${what}: ${side} ${name} must be UINT8, FP32 or INT64, got ${datatype}`,
        );
      });
    return {
      inputs: describe("input", found.data.inputs),
      outputs: describe("output", found.data.outputs),
      path,
    };
  }

  /**
   * Runs a model.
   *
   * @param limitMs time limit of the call, both tries together.
   * @throws {ModelError} when the server rejects the request or its response is not usable.
   * @throws {UnavailableError} when it cannot be reached or does not respond in time.
   */
  async infer(
    name: string,
    { path, outputs }: ServedModelFacts,
    feeds: Readonly<Record<string, Tensor>>,
    limitMs: number,
  ): Promise<Record<string, Tensor>> {
    const what = `run ${name} on ${this.address.url}`;
    const { body, headerLength } = encodeRequest(feeds, outputs.map((output) => output.name));
    const answer = await this.#send(`${path}/infer`, what, limitMs, {
      method: "POST",
      headers: {
        "Content-Type": "application/octet-stream",
        [HEADER_LENGTH]: String(headerLength),
      },
      body,
    });
    if (answer.status !== 200) throw new ModelError(`Cannot ${what}: ${faultText(answer)}`);
    const length = answer.headers.get(HEADER_LENGTH);
    try {
      return decodeResponse(answer.body, length === null ? undefined : Number(length), outputs);
    } catch (cause) {
      throw new ModelError(`Cannot ${what}: ${(cause as Error).message}`, { cause });
    }
  }

  /** Closes the connections. */
  close(): void {
    this.#http.close();
  }

  #get(path: string, what: string): Promise<Answer> {
    return this.#send(path, what, FACTS_LIMIT_MS, {});
  }

  async #send(path: string, what: string, limitMs: number, init: RequestInit): Promise<Answer> {
    const signal = AbortSignal.timeout(limitMs);
    const late = () =>
      new UnavailableError(`Cannot ${what}: it must respond within ${limitMs / 1000} s`);
    for (let tries = 1;; tries++) {
      let reason: string;
      try {
        const answer = await this.#sendOnce(path, { ...init, signal });
        if (!BUSY.includes(answer.status)) return answer;
        reason = faultText(answer);
      } catch (error) {
        if (signal.aborted) throw late();
        reason = connectionFault(error);
      }
      if (tries === 2) throw new UnavailableError(`Cannot ${what}: ${reason}`);
      await delay(RETRY_MS, undefined, { signal }).catch(() => {
        throw late();
      });
    }
  }

  async #sendOnce(path: string, init: RequestInit): Promise<Answer> {
    const response = await fetch(`${this.address.url}${path}`, {
      ...init,
      redirect: "manual",
      client: this.#http,
    });
    const body = new Uint8Array(await response.arrayBuffer());
    return { status: response.status, headers: response.headers, body };
  }
}

const errorSchema = z.object({ error: z.string() });
const MOST_TEXT = 300;

/** What a server says of a request that it did not serve, in one line. */
function faultText({ status, body }: Answer): string {
  const parsed = errorSchema.safeParse(parseJson(body));
  const text = parsed.success ? parsed.data.error : new TextDecoder().decode(body);
  const line = text.replace(/\s+/g, " ").trim().slice(0, MOST_TEXT);
  return `the server returned HTTP ${status}${line === "" ? "" : `: ${line}`}`;
}

/** Deno puts the reason at the end of a chain of causes, and the address in front. */
function connectionFault(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const reason =
    /(connection refused|connection reset|connection closed|dns error|certificate[^:)]*)/i
      .exec(`${error.message} ${error.cause ?? ""}`)?.[1];
  return reason?.toLowerCase() ?? error.message.replace(/\s+/g, " ");
}
