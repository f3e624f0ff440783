import { ModelError } from "../../manifest.ts";
import { PROVIDERS } from "../../providers.ts";
import { checkFeeds } from "../feeds.ts";
import type { RuntimeConfig } from "../../runtime_schema.ts";
import type { Runtime, ServedModel, Session, Tensor, TensorInfo } from "../session.ts";
import { parseOipAddress } from "./oip_address.ts";
import type { OipClient } from "./oip_client.ts";
import { openOipClient } from "./open_oip_client.ts";
import type { ServedModelFacts } from "./served_facts.ts";

/** A server may compile a model at its first run. */
const LOAD_LIMIT_MS = 10 * 60_000;

/** Runs a model's encoders on an inference server, and graphs that are built at load on a local runtime. */
export class RemoteRuntime implements Runtime {
  readonly library: string;
  readonly version: string;
  readonly providers = ["remote"];
  readonly refused = [];
  readonly compiles = undefined;
  readonly loadLimitMs = LOAD_LIMIT_MS;
  readonly #client: OipClient;
  readonly #local: Runtime;

  private constructor(client: OipClient, version: string, local: Runtime) {
    this.library = client.address.url;
    this.version = version;
    this.#client = client;
    this.#local = local;
  }

  /**
   * Finds the server.
   *
   * @param openLocal opens the runtime for everything that is not on the server.
   * @throws {ModelError} when the address is wrong, or it is another kind of server.
   * @throws {UnavailableError} when the server cannot be reached or is not ready.
   */
  static async open(library: string, openLocal: () => Promise<Runtime>): Promise<RemoteRuntime> {
    const client = await openOipClient(parseOipAddress(library));
    try {
      const { name, version } = await client.facts();
      return new RemoteRuntime(client, `${name} ${version}`, await openLocal());
    } catch (error) {
      client.close();
      throw error;
    }
  }

  async createSession(model: string | Uint8Array, served?: ServedModel): Promise<Session> {
    if (served === undefined) return await this.#local.createSession(model);
    return new RemoteSession(this.#client, served.name, await this.#client.model(served));
  }

  async close(): Promise<void> {
    await this.#local.close();
    this.#client.close();
  }
}

/**
 * The runtime block of what stays on this machine when a server runs the encoders.
 *
 * @throws {ModelError} when it lists providers other than the fallback.
 */
export function localConfig<Config extends Pick<RuntimeConfig, "library" | "providers">>(
  config: Config,
): Config {
  const cpu = PROVIDERS.fallback.name;
  const other = config.providers?.find((name) => name !== cpu);
  if (other !== undefined) {
    throw new ModelError(
      `Cannot run on ${other}: the server chooses its own execution providers; remove runtime.providers`,
    );
  }
  return { ...config, library: "auto", providers: [cpu] };
}

class RemoteSession implements Session {
  readonly provider = "remote";
  readonly nodes = {};
  readonly refused = [];
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  readonly #client: OipClient;
  readonly #name: string;
  readonly #model: ServedModelFacts;
  readonly #runs = new Set<Promise<unknown>>();
  #limitMs = LOAD_LIMIT_MS;
  #released = false;

  constructor(client: OipClient, name: string, model: ServedModelFacts) {
    this.#client = client;
    this.#name = name;
    this.#model = model;
    this.inputs = model.inputs;
    this.outputs = model.outputs;
  }

  async run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    if (this.#released) throw new ModelError(`Cannot run ${this.#name}: it has been released`);
    checkFeeds(this.#name, this.inputs, feeds);
    const run = this.#client.infer(this.#name, this.#model, feeds, this.#limitMs);
    this.#runs.add(run);
    try {
      return await run;
    } finally {
      this.#runs.delete(run);
    }
  }

  limitRuns(limitMs: number): void {
    this.#limitMs = limitMs;
  }

  async release(): Promise<void> {
    this.#released = true;
    await Promise.allSettled(this.#runs);
  }
}
