import { createHash } from "node:crypto";
import { basename } from "node:path";
import { cString, readCString } from "../../core/c_string.ts";
import { withDeadline } from "../../core/deadline.ts";
import { fileFault } from "../../core/file_fault.ts";
import { sha256Of } from "../checksum.ts";
import { HungError } from "../hung_error.ts";
import { ModelError } from "../manifest.ts";
import type { Accelerator, ProviderOptions } from "../provider.ts";
import type { ProviderRegistry } from "../provider_registry.ts";
import { holding, Out, pointersAt } from "./c_memory.ts";
import { FfiSession } from "./ffi_session.ts";
import { missingLibraries } from "./missing_libraries.ts";
import { loadOrt, type Ort, type OrtHandles } from "./ort_api.ts";
import { oneLine } from "./ort_message.ts";
import { SessionOptions } from "./ort_options.ts";
import { judgePlacement, readPlacement } from "./placement.ts";
import { PROBE_MODEL } from "./probe_model.ts";
import {
  chooseProviders,
  type Offer,
  prefersInt8,
  type WantedProviders,
} from "./provider_policy.ts";
import { RunTrace, type Traced } from "./run_trace.ts";
import type { Refusal } from "./refusal.ts";
import type { AxisSizes, Runtime, ServedModel, Session } from "./session.ts";
import { trimMemory } from "../../core/c_heap.ts";

const LOG_FATAL = 4;
const ARENA_ALLOCATOR = 1;
const DEFAULT_MEMORY = 0;

/** Reading 1 GB from a slow card takes 2 minutes. */
const LOAD_LIMIT_MS = 10 * 60_000;
/** Compiling a large model took 10 minutes on a Jetson Orin. */
const COMPILE_LIMIT_MS = 60 * 60_000;

/** A library and the settings of its sessions. */
export interface FfiOptions {
  /** Path of libonnxruntime.so. */
  readonly library: string;
  readonly wanted: WantedProviders;
  readonly registry: ProviderRegistry;
  readonly threads: number;
  /** Whether the fallback should run image encoders in bytes; default no. */
  readonly int8?: boolean;
  optionsOf(provider: Accelerator): ProviderOptions;
  /** Time limit of loading a model and of its first runs, ms. Default: 10 minutes, or an hour if it is compiled. */
  readonly loadLimitMs?: number;
  /** Trace so many runs of each session. Default: the first one of libraries that do not report where nodes are placed. */
  readonly tracedRuns?: number;
}

/** ONNX Runtime's C API over Deno FFI. */
export class FfiRuntime implements Runtime {
  readonly #options: FfiOptions;
  readonly #ort: Ort;
  readonly #env: Deno.PointerValue;
  readonly #handles: OrtHandles;
  #offer: Offer = { providers: [], refused: [] };
  #sessions = 0;
  #hung = false;
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
   * Loads the library and finds out which of the wanted providers are available.
   *
   * @throws {ModelError} when the library cannot be used, or a provider is unavailable and the fallback is not wanted.
   */
  static async open(options: FfiOptions): Promise<FfiRuntime> {
    const runtime = new FfiRuntime(options);
    try {
      runtime.#offer = await chooseProviders(options.wanted, (p) => runtime.reasonAgainst(p));
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

  get providers(): readonly string[] {
    return this.#offer.providers.map(({ name }) => name);
  }

  get refused(): readonly Refusal[] {
    return this.#offer.refused;
  }

  get compiles(): string | undefined {
    return this.#accelerators().find(({ compiles }) => compiles !== undefined)?.compiles;
  }

  get prefersInt8(): boolean {
    return prefersInt8(this.#options.int8 ?? false, this.#offer);
  }

  get loadLimitMs(): number {
    return this.#options.loadLimitMs ??
      (this.compiles === undefined ? LOAD_LIMIT_MS : COMPILE_LIMIT_MS);
  }

  /** Why a provider cannot be used, found by creating a session on it; undefined when it can. */
  async reasonAgainst(provider: Accelerator): Promise<string | undefined> {
    const builtIn = this.#builtIn();
    if (!builtIn.includes(provider.ortName)) {
      const has = builtIn.map((name) => this.#nameOf(name)).join(", ");
      const file = basename(this.#ort.path);
      return `${file} has only ${has}; set runtime.library to a build that has ${provider.name}`;
    }
    try {
      this.#ort.api.ReleaseSession(await this.#create(PROBE_MODEL, {}, [provider], false));
    } catch (error) {
      const missing = provider.library && missingLibraries(this.#ort.path, provider.library);
      return missing ?? oneLine(error);
    }
  }

  async createSession(
    model: string | Uint8Array,
    _served?: ServedModel,
    axes: AxisSizes = {},
  ): Promise<Session> {
    const name = typeof model === "string" ? model : "a graph built at load";
    if (this.#closed) throw new ModelError(`Cannot load ${name}: the runtime has been closed`);
    const fault = typeof model === "string" ? await fileFault(model) : undefined;
    if (fault) throw new ModelError(`Cannot load ${name}: ${fault}`);
    this.#sessions++;
    const loading = this.#load(name, model, axes);
    loading.catch(() => this.#sessions--);
    const limitMs = this.loadLimitMs;
    try {
      const hung = () => new HungError(`load ${name}`, limitMs);
      const session = await withDeadline(limitMs, loading, hung);
      if (typeof model === "string") trimMemory();
      return session;
    } catch (error) {
      if (error instanceof HungError) {
        this.#hung = true;
        loading.then((late) => late.release(), () => {});
      }
      throw error;
    }
  }

  close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    if (this.#sessions > 0 && !this.#hung) {
      return Promise.reject(
        new ModelError(
          `Cannot close ONNX Runtime: its sessions must be released first, got ${this.#sessions} open`,
        ),
      );
    }
    this.#closed = true;
    // A hung call still uses the environment.
    if (this.#sessions > 0) return Promise.resolve();
    this.#ort.api.ReleaseMemoryInfo(this.#handles.memoryInfo);
    this.#ort.api.ReleaseEnv(this.#env);
    return Promise.resolve();
  }

  #accelerators(): Accelerator[] {
    return this.#offer.providers.filter((provider) => provider.role === "accelerator");
  }

  /** Tries the providers in order, as far as it may, until one takes the model. */
  async #load(
    name: string,
    model: string | Uint8Array,
    axes: AxisSizes,
  ): Promise<FfiSession> {
    const accelerators = this.#accelerators();
    const { fallback } = this.#options.registry;
    const mayFallBack = this.#offer.providers.includes(fallback);
    const refused: Refusal[] = [];
    for (let first = 0;; first++) {
      const asked = accelerators.slice(first);
      const isUnknown = asked.length > 0 && !this.#ort.placement;
      const trace = isUnknown || this.#options.tracedRuns ? new RunTrace() : undefined;
      try {
        const pointer = await this.#create(model, axes, asked, !mayFallBack, trace);
        return this.#adopt(name, pointer, asked, refused, trace);
      } catch (cause) {
        trace?.discard();
        if (cause instanceof ModelError) throw cause;
        const reason = oneLine(cause);
        if (asked.length === 0) throw new ModelError(`Cannot load ${name}: ${reason}`, { cause });
        if (!mayFallBack) {
          const where = asked.map((provider) => provider.name).join(" and ");
          throw new ModelError(
            `Cannot load ${name} on ${where}: ${reason} ` +
              `(add ${fallback.name} to runtime.providers to run it there instead)`,
            { cause },
          );
        }
        refused.push({ provider: asked[0].name, reason });
      }
    }
  }

  /** @param strict fail instead of leaving nodes to the fallback. */
  async #create(
    model: string | Uint8Array,
    axes: AxisSizes,
    accelerators: readonly Accelerator[],
    strict: boolean,
    trace?: RunTrace,
  ): Promise<Deno.PointerValue> {
    const { api, check, placement } = this.#ort;
    using options = new SessionOptions(this.#ort, this.#options.threads);
    for (const [axis, size] of Object.entries(axes)) options.fixAxis(axis, size);
    const prepared = {
      ortPath: this.#ort.path,
      path: typeof model === "string" ? model : undefined,
      axes,
      hash: () => hashOf(model),
    };
    for (const provider of accelerators) {
      const chosen = this.#options.optionsOf(provider);
      options.append(provider, await provider.prepare?.(chosen, prepared) ?? chosen);
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
    accelerators: readonly Accelerator[],
    refused: readonly Refusal[],
    trace: RunTrace | undefined,
  ): FfiSession {
    const asked = accelerators.map((provider) => provider.name);
    const fallback = this.#options.registry.fallback.name;
    const judge = ({ nodes, time }: Partial<Traced> & Pick<Traced, "nodes">) => {
      const found = judgePlacement(nodes, asked, fallback, time);
      return { ...found, refused: [...refused, ...found.refused] };
    };
    const nameOf = (ortName: string) => this.#nameOf(ortName);
    try {
      const nodes = readPlacement(this.#ort, pointer, nameOf);
      const whereabouts = judge({ nodes });
      const none = whereabouts.refused.find((refusal) => !nodes[refusal.provider]);
      if (none && !this.providers.includes(fallback)) {
        throw new ModelError(`Cannot load ${name} on ${none.provider}: ${none.reason}`);
      }
      return new FfiSession(name, this.#handles, pointer, {
        whereabouts,
        trace,
        tracedRuns: this.#options.tracedRuns ?? 1,
        // Where it is placed is known better before a run: a compiled engine runs as one node.
        judge: (traced) => this.#ort.placement ? whereabouts : judge(traced),
        nameOf,
        binds: accelerators.some(({ hasOwnMemory }) => hasOwnMemory),
        limitMs: this.loadLimitMs,
        onRelease: () => this.#sessions--,
        onHang: () => this.#hung = true,
      });
    } catch (error) {
      this.#ort.api.ReleaseSession(pointer);
      throw error;
    }
  }

  #nameOf(ortName: string): string {
    return this.#options.registry.nameOf(ortName);
  }

  /** ONNX Runtime's own names of the providers that this library was built with. */
  #builtIn(): string[] {
    const { api, check } = this.#ort;
    const list = new Out();
    const count = new Out();
    check(api.GetAvailableProviders(list.cell, count.cell));
    const names = pointersAt(list.pointer, count.int32).map(readCString);
    check(api.ReleaseAvailableProviders(list.pointer, count.int32));
    return names;
  }
}

function hashOf(model: string | Uint8Array): Promise<string> {
  if (typeof model === "string") return sha256Of(model);
  return Promise.resolve(createHash("sha256").update(model).digest("hex"));
}
