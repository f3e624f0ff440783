import { env, InferenceSession, Tensor as NodeTensor } from "onnxruntime-node";
import { fileFault } from "../../core/file_fault.ts";
import { ModelError } from "../manifest.ts";
import type { Accelerator } from "../provider.ts";
import { checkFeeds } from "./feeds.ts";
import { oneLine } from "./ort_message.ts";
import { chooseProviders, type Offer, type WantedProviders } from "./provider_policy.ts";
import type { Refusal } from "./refusal.ts";
import type { Runtime, Session, Tensor, TensorInfo, TensorType } from "./session.ts";

/** onnxruntime-node's own JavaScript API: the fallback provider only, and each call blocks the event loop. */
export class NodeRuntime implements Runtime {
  readonly library = "node";
  readonly version: string = env.versions.node ?? "unknown";
  readonly providers: readonly string[];
  readonly refused: readonly Refusal[];
  readonly compiles = undefined;
  readonly loadLimitMs = Infinity;
  readonly #provider: string;
  readonly #threads: number;
  #sessions = 0;
  #closed = false;

  private constructor(
    offer: Offer,
    fallback: string,
    threads: number,
    readonly prefersInt8: boolean,
  ) {
    this.providers = offer.providers.map(({ name }) => name);
    this.refused = offer.refused;
    this.#provider = fallback;
    this.#threads = threads;
  }

  /** @throws {ModelError} when an accelerator is wanted and the fallback is not. */
  static async open(
    wanted: WantedProviders,
    threads: number,
    int8 = false,
  ): Promise<NodeRuntime> {
    const offer = await chooseProviders(wanted, reasonAgainst);
    return new NodeRuntime(offer, wanted.fallback.name, threads, int8);
  }

  /** Why a provider cannot be used. */
  reasonAgainst(provider: Accelerator): Promise<string> {
    return reasonAgainst(provider);
  }

  async createSession(model: string | Uint8Array): Promise<Session> {
    const name = typeof model === "string" ? model : "a graph built at load";
    if (this.#closed) throw new ModelError(`Cannot load ${name}: the runtime has been closed`);
    const fault = typeof model === "string" ? await fileFault(model) : undefined;
    if (fault) throw new ModelError(`Cannot load ${name}: ${fault}`);
    const options: InferenceSession.SessionOptions = {
      executionProviders: [this.#provider],
      intraOpNumThreads: this.#threads,
      logSeverityLevel: 4,
      // As in ort_options.ts.
      extra: { session: { intra_op: { allow_spinning: "0" }, x64quantprecision: "1" } },
    };
    let session: InferenceSession;
    try {
      session = typeof model === "string"
        ? await InferenceSession.create(model, options)
        : await InferenceSession.create(ownMemory(model), options);
    } catch (cause) {
      throw new ModelError(`Cannot load ${name}: ${oneLine(cause)}`, { cause });
    }
    try {
      const loaded = new NodeSession(name, session, this.#provider, () => this.#sessions--);
      this.#sessions++;
      return loaded;
    } catch (error) {
      await session.release();
      throw error;
    }
  }

  close(): Promise<void> {
    if (this.#sessions > 0) {
      return Promise.reject(
        new ModelError(
          `Cannot close ONNX Runtime: its sessions must be released first, got ${this.#sessions} open`,
        ),
      );
    }
    this.#closed = true;
    return Promise.resolve();
  }
}

class NodeSession implements Session {
  readonly provider: string;
  readonly nodes = {};
  readonly refused = [];
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  readonly #model: string;
  readonly #session: InferenceSession;
  readonly #onRelease: () => void;
  readonly #runs = new Set<Promise<unknown>>();
  #release: Promise<void> | undefined;

  constructor(
    model: string,
    session: InferenceSession,
    provider: string,
    onRelease: () => void,
  ) {
    this.provider = provider;
    this.#model = model;
    this.#session = session;
    this.#onRelease = onRelease;
    this.inputs = session.inputMetadata.map((metadata) => describe(model, "input", metadata));
    this.outputs = session.outputMetadata.map((metadata) => describe(model, "output", metadata));
  }

  async run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    if (this.#release) throw new ModelError(`Cannot run ${this.#model}: it has been released`);
    checkFeeds(this.#model, this.inputs, feeds);
    const nodeFeeds = Object.fromEntries(
      Object.entries(feeds).map(([name, { type, dims, data }]) => [
        name,
        new NodeTensor(type, ownMemory(data) as Float32Array, dims),
      ]),
    );
    const run = this.#session.run(nodeFeeds);
    this.#runs.add(run);
    try {
      const results = await run;
      return Object.fromEntries(
        Object.entries(results).map(([name, value]) => {
          const { type, dims, data } = value as NodeTensor;
          return [name, { type, dims, data } as Tensor];
        }),
      );
    } catch (cause) {
      throw new ModelError(`Cannot run ${this.#model}: ${oneLine(cause)}`, { cause });
    } finally {
      this.#runs.delete(run);
    }
  }

  limitRuns(): void {
    // No timer runs while a call blocks the event loop.
  }

  release(): Promise<void> {
    this.#release ??= Promise.allSettled(this.#runs).then(async () => {
      await this.#session.release();
      this.#onRelease();
    });
    return this.#release;
  }
}

function reasonAgainst(_provider: Accelerator): Promise<string> {
  return Promise.resolve(
    "onnxruntime-node's JavaScript API passes no options to it; set runtime.library to auto or a path",
  );
}

/** The API does not accept views of a SharedArrayBuffer. */
function ownMemory<T extends Tensor["data"]>(data: T): T {
  return data.buffer instanceof ArrayBuffer ? data : data.slice() as T;
}

function describe(
  model: string,
  side: string,
  metadata: InferenceSession.ValueMetadata,
): TensorInfo {
  const types: readonly string[] = ["uint8", "float32", "int64"] satisfies TensorType[];
  const { name } = metadata;
  if (!metadata.isTensor || !types.includes(metadata.type)) {
    throw new ModelError(
      `Cannot load ${model}: ${side} ${name} must be a tensor of uint8, float32 or int64, ` +
        `got ${metadata.isTensor ? metadata.type : "no tensor"}`,
    );
  }
  const dims = metadata.shape.map((axis) => typeof axis === "number" ? axis : -1);
  return { name, type: metadata.type as TensorType, dims };
}
