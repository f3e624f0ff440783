import { basename } from "node:path";
import type { Provider } from "../runtime_schema.ts";
import { cString, readCString } from "../../core/c_string.ts";
import { holding, Out } from "./c_memory.ts";
import { FfiSession, type OrtHandles } from "./ffi_session.ts";
import { ModelError } from "../manifest.ts";
import { missingLibraries } from "./missing_libraries.ts";
import { loadOrt, type Ort } from "./ort_api.ts";
import { boilDown } from "./ort_message.ts";
import { type Accelerator, type ProviderOptions, SessionOptions } from "./ort_options.ts";
import { judgePlacement, providerName, readPlacement } from "./placement.ts";
import { PROBE_MODEL } from "./probe_model.ts";
import { chooseProviders, type Offer } from "./provider_policy.ts";
import { RunTrace, type Traced } from "./run_trace.ts";
import type { Refusal, Runtime, Session } from "./session.ts";
import { trimMemory } from "./trim_memory.ts";

const LOG_FATAL = 4;
const ARENA_ALLOCATOR = 1;
const DEFAULT_MEMORY = 0;

/** A library and what its sessions are made with. */
export interface FfiOptions {
  /** Path of libonnxruntime.so. */
  readonly library: string;
  /** In order of preference. */
  readonly providers: readonly Provider[];
  readonly threads: number;
  readonly options: Readonly<Record<Accelerator, ProviderOptions>>;
}

/** ONNX Runtime's C API over Deno FFI. */
export class FfiRuntime implements Runtime {
  readonly #options: FfiOptions;
  readonly #ort: Ort;
  readonly #env: Deno.PointerValue;
  readonly #handles: OrtHandles;
  #offer: Offer = { providers: [], refused: [] };
  #sessions = 0;
  #closed = false;

  private constructor(options: FfiOptions) {
    const ort = loadOrt(options.library);
    const out = new Out();
    ort.check(ort.api.CreateEnv(LOG_FATAL, cString("whence"), out.cell));
    this.#env = out.pointer;
    ort.check(ort.api.CreateCpuMemoryInfo(ARENA_ALLOCATOR, DEFAULT_MEMORY, out.cell));
    const memoryInfo = out.pointer;
    ort.check(ort.api.GetAllocatorWithDefaultOptions(out.cell));
    this.#handles = { ort, memoryInfo, allocator: out.pointer };
    this.#options = options;
    this.#ort = ort;
  }

  /**
   * Loads the library and finds out which of the providers can be had.
   *
   * @throws {ModelError} when the library cannot be used, or a provider is missing and `cpu` was not asked for.
   */
  static async open(options: FfiOptions): Promise<FfiRuntime> {
    const runtime = new FfiRuntime(options);
    try {
      runtime.#offer = await chooseProviders(options.providers, (p) => runtime.reasonAgainst(p));
    } catch (error) {
      await runtime.close();
      throw error;
    }
    return runtime;
  }

  get version(): string {
    return this.#ort.version;
  }

  get library(): string {
    return this.#ort.path;
  }

  get providers(): readonly Provider[] {
    return this.#offer.providers;
  }

  get refused(): readonly Refusal[] {
    return this.#offer.refused;
  }

  /** Why a provider cannot be used, found by making a session on it; undefined when it can. */
  async reasonAgainst(provider: Accelerator): Promise<string | undefined> {
    const built = this.#builtIn();
    if (!built.includes(provider)) {
      const has = built.join(", ");
      const file = basename(this.#ort.path);
      return `${file} has only ${has}; set runtime.library to a build that has ${provider}`;
    }
    try {
      this.#ort.api.ReleaseSession(await this.#create(PROBE_MODEL, [provider], false));
    } catch (error) {
      return missingLibraries(this.#ort.path, provider) ?? boilDown(error);
    }
  }

  async createSession(model: string | Uint8Array): Promise<Session> {
    const name = typeof model === "string" ? model : "a graph built at load";
    if (this.#closed) throw new ModelError(`Cannot load ${name}: the runtime has been closed`);
    this.#sessions++;
    try {
      const session = await this.#load(name, model);
      if (typeof model === "string") trimMemory();
      return session;
    } catch (error) {
      this.#sessions--;
      throw error;
    }
  }

  close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    if (this.#sessions > 0) {
      return Promise.reject(
        new ModelError(
          `Cannot close ONNX Runtime: its sessions must be released first, got ${this.#sessions} open`,
        ),
      );
    }
    this.#closed = true;
    this.#ort.api.ReleaseMemoryInfo(this.#handles.memoryInfo);
    this.#ort.api.ReleaseEnv(this.#env);
    return Promise.resolve();
  }

  /** Goes down the list of providers as far as it may until one takes the model. */
  async #load(name: string, model: string | Uint8Array): Promise<Session> {
    const accelerators = this.providers.filter((provider) => provider !== "cpu");
    const mayFall = this.providers.includes("cpu");
    const refused: Refusal[] = [];
    for (let first = 0;; first++) {
      const asked = accelerators.slice(first);
      const trace = asked.length > 0 && !this.#ort.placement ? new RunTrace() : undefined;
      try {
        const pointer = await this.#create(model, asked, !mayFall, trace);
        return this.#adopt(name, pointer, asked, refused, trace);
      } catch (cause) {
        trace?.discard();
        if (cause instanceof ModelError) throw cause;
        const reason = boilDown(cause);
        if (!mayFall || asked.length === 0) {
          const where = asked.length > 0 ? ` on ${asked.join(" and ")}` : "";
          throw new ModelError(`Cannot load ${name}${where}: ${reason}`, { cause });
        }
        refused.push({ provider: asked[0], reason });
      }
    }
  }

  /** @param strict fail rather than leave nodes to the CPU. */
  async #create(
    model: string | Uint8Array,
    accelerators: readonly Accelerator[],
    strict: boolean,
    trace?: RunTrace,
  ): Promise<Deno.PointerValue> {
    const { api, check, placement } = this.#ort;
    using options = new SessionOptions(this.#ort, this.#options.threads);
    for (const provider of accelerators) {
      const chosen = this.#options.options[provider];
      options.append(provider, chosen);
      const cache = chosen.trt_engine_cache_path;
      if (cache) await Deno.mkdir(cache, { recursive: true });
    }
    if (strict && accelerators.length > 0) options.set("session.disable_cpu_ep_fallback", "1");
    if (placement) options.set("session.record_ep_graph_assignment_info", "1");
    if (trace) options.profile(trace.prefix);
    const out = new Out();
    const source = typeof model === "string" ? cString(model) : model;
    const size = BigInt(source.byteLength);
    const call = typeof model === "string"
      ? api.CreateSession(this.#env, source, options.pointer, out.cell)
      : api.CreateSessionFromArray(this.#env, source, size, options.pointer, out.cell);
    check(await holding([source, out], call));
    return out.pointer;
  }

  #adopt(
    name: string,
    pointer: Deno.PointerValue,
    asked: readonly Accelerator[],
    refused: readonly Refusal[],
    trace: RunTrace | undefined,
  ): Session {
    const judge = ({ nodes, time }: Partial<Traced> & Pick<Traced, "nodes">) => {
      const found = judgePlacement(nodes, asked, time);
      return { ...found, refused: [...refused, ...found.refused] };
    };
    try {
      const nodes = readPlacement(this.#ort, pointer);
      const whereabouts = judge({ nodes });
      const none = whereabouts.refused.find((refusal) => !nodes[refusal.provider]);
      if (none && !this.providers.includes("cpu")) {
        throw new ModelError(`Cannot load ${name} on ${none.provider}: ${none.reason}`);
      }
      const onRelease = () => this.#sessions--;
      return new FfiSession(name, this.#handles, pointer, { whereabouts, trace, judge, onRelease });
    } catch (error) {
      this.#ort.api.ReleaseSession(pointer);
      throw error;
    }
  }

  #builtIn(): string[] {
    const { api, check } = this.#ort;
    const list = new Out();
    const count = new Out();
    check(api.GetAvailableProviders(list.cell, count.cell));
    const view = new Deno.UnsafePointerView(list.pointer!);
    const names = Array.from(
      { length: count.int32 },
      (_, i) => providerName(readCString(view.getPointer(i * 8))),
    );
    check(api.ReleaseAvailableProviders(list.pointer, count.int32));
    return names;
  }
}
