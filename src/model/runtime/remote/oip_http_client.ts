import { z } from "zod";
import { ModelError } from "../../manifest.ts";
import { UnavailableError } from "../../unavailable_error.ts";
import type { ServedModel, Tensor } from "../session.ts";
import type { OipAddress } from "./oip_address.ts";
import { EXPORT_HINT, FACTS_LIMIT_MS, type OipClient } from "./oip_client.ts";
import { decodeResponse, encodeRequest, HEADER_LENGTH, parseJson } from "./oip_message.ts";
import { type Answer, fetchAnswer, sendTwice, suffixOf } from "./oip_request.ts";
import {
  readModelFacts,
  type ServedModelFacts,
  type ServerFacts,
  serverFactsSchema,
} from "./served_facts.ts";

/** A proxy in front of a server that restarts gives these. */
const BUSY = [429, 502, 503, 504];
/** KServe gives 404 while it shuts down, for a model that was there before. */
const BUSY_OR_GONE = [...BUSY, 404];

/** The Open Inference Protocol v2 over HTTP, with the binary tensor extension. */
export class OipHttpClient implements OipClient {
  readonly address: OipAddress;
  readonly #http = Deno.createHttpClient({ http2: false });

  constructor(address: OipAddress) {
    this.address = address;
  }

  async facts(): Promise<ServerFacts> {
    const what = `use ${this.address.url}`;
    const { status } = await this.#get("/v2/health/ready", what);
    if (status !== 200) {
      throw new UnavailableError(`Cannot ${what}: the server is not ready (HTTP ${status})`);
    }
    const answer = await this.#get("/v2", what);
    const facts = serverFactsSchema.safeParse(parseJson(answer.body));
    if (answer.status !== 200 || !facts.success) {
      throw new ModelError(
        `Cannot ${what}: it must be a server of the Open Inference Protocol v2, ` +
          `got HTTP ${answer.status} from /v2`,
      );
    }
    return facts.data;
  }

  async model({ name, version }: ServedModel): Promise<ServedModelFacts> {
    const what = `use ${name} on ${this.address.url}`;
    const answer = await this.#get(modelPath(name), what);
    if (answer.status !== 200) {
      throw new ModelError(`Cannot ${what}: ${faultText(answer)} ${EXPORT_HINT}`);
    }
    const facts = readModelFacts(what, parseJson(answer.body), version);
    const { status } = await this.#get(`${modelPath(name, facts)}/ready`, what);
    if (status !== 200) {
      throw new UnavailableError(`Cannot ${what}: the model is not ready (HTTP ${status})`);
    }
    return facts;
  }

  async infer(
    name: string,
    facts: ServedModelFacts,
    feeds: Readonly<Record<string, Tensor>>,
    limitMs: number,
  ): Promise<Record<string, Tensor>> {
    const what = `run ${name} on ${this.address.url}`;
    const { outputs } = facts;
    const { body, headerLength } = encodeRequest(feeds, outputs.map((output) => output.name));
    const answer = await this.#send(`${modelPath(name, facts)}/infer`, what, limitMs, {
      method: "POST",
      headers: {
        "Content-Type": "application/octet-stream",
        [HEADER_LENGTH]: String(headerLength),
      },
      body,
    }, BUSY_OR_GONE);
    if (answer.status !== 200) throw new ModelError(`Cannot ${what}: ${faultText(answer)}`);
    const length = answer.headers.get(HEADER_LENGTH);
    try {
      return decodeResponse(answer.body, length === null ? undefined : Number(length), outputs);
    } catch (cause) {
      throw new ModelError(`Cannot ${what}: ${(cause as Error).message}`, { cause });
    }
  }

  close(): void {
    this.#http.close();
  }

  #get(path: string, what: string): Promise<Answer> {
    return this.#send(path, what, FACTS_LIMIT_MS, {});
  }

  #send(
    path: string,
    what: string,
    limitMs: number,
    init: RequestInit,
    busy = BUSY,
  ): Promise<Answer> {
    const url = `${this.address.url}${path}`;
    return sendTwice(
      what,
      limitMs,
      (signal) => fetchAnswer(url, { ...init, signal, client: this.#http }),
      (answer) => busy.includes(answer.status) ? faultText(answer) : undefined,
    );
  }
}

/** Such as `/v2/models/denseav-mini-image/versions/4`. */
function modelPath(name: string, { version }: { readonly version?: string } = {}): string {
  const path = `/v2/models/${encodeURIComponent(name)}`;
  return version === undefined ? path : `${path}/versions/${version}`;
}

const errorSchema = z.object({ error: z.string() });

/** What a server says of a request that it did not serve, in one line. */
function faultText({ status, body }: Answer): string {
  const parsed = errorSchema.safeParse(parseJson(body));
  const text = parsed.success ? parsed.data.error : new TextDecoder().decode(body);
  return `the server returned HTTP ${status}${suffixOf(text)}`;
}
