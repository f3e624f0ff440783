import { withDeadline } from "../../core/deadline.ts";
import { HungError } from "../hung_error.ts";
import { ModelError } from "../manifest.ts";
import { holding, PointerArray } from "./c_memory.ts";
import { checkFeeds } from "./feeds.ts";
import { OrtError, type OrtHandles } from "./ort_api.ts";
import { IoBindings } from "./io_binding.ts";
import { oneLine } from "./ort_message.ts";
import { describe, readTensor, wrapTensor } from "./ort_values.ts";
import type { Placement, Whereabouts } from "./placement.ts";
import type { RunTrace, Traced } from "./run_trace.ts";
import type { Refusal } from "./refusal.ts";
import type { Session, Tensor, TensorInfo } from "./session.ts";
import { trimMemory } from "../../core/c_heap.ts";

/** What the runtime knows of a session when it creates it. */
export interface FfiSessionFacts {
  readonly whereabouts: Whereabouts;
  /** Set if only a run shows where nodes are computed; `judge` then derives it from the trace. */
  readonly trace?: RunTrace;
  judge(traced: Traced): Whereabouts;
  /** The run after which the trace is read. */
  readonly tracedRuns: number;
  /** Whether to bind inputs, so that constant ones stay in the provider's memory. Default: not. */
  readonly binds?: boolean;
  /** Time limit of a run, ms. */
  readonly limitMs: number;
  /** A provider's short name for ONNX Runtime's own. */
  nameOf(ortName: string): string;
  /** Called once the session is freed. */
  onRelease(): void;
  /** Called when a run exceeds its time limit. */
  onHang(): void;
}

/** A session over ONNX Runtime's C API: runs off the event loop, on inputs in place. */
export class FfiSession implements Session {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  readonly optional: readonly TensorInfo[];
  readonly #model: string;
  readonly #handles: OrtHandles;
  readonly #session: Deno.PointerValue;
  readonly #inputNames: PointerArray;
  readonly #outputNames: PointerArray;
  /** Runs under way, as their callers see them. */
  readonly #runs = new Set<Promise<unknown>>();
  /** Native calls under way, including those of hung runs. */
  readonly #calls = new Set<Promise<unknown>>();
  readonly #facts: FfiSessionFacts;
  readonly #bindings: IoBindings | undefined;
  #binds: boolean;
  #limitMs: number;
  #hung: HungError | undefined;
  #whereabouts: Whereabouts;
  #trace: RunTrace | undefined;
  #traced: Traced | undefined;
  #runsDone = 0;
  #release: Promise<void> | undefined;

  /** The new object owns `session`. */
  constructor(
    model: string,
    handles: OrtHandles,
    session: Deno.PointerValue,
    facts: FfiSessionFacts,
  ) {
    const { ort, allocator } = handles;
    this.inputs = describe(ort, allocator, session, "Input", model);
    this.outputs = describe(ort, allocator, session, "Output", model);
    this.optional = describe(ort, allocator, session, "OverridableInitializer", model);
    this.#model = model;
    this.#handles = handles;
    this.#session = session;
    this.#inputNames = PointerArray.ofStrings(this.inputs.map((input) => input.name));
    this.#outputNames = PointerArray.ofStrings(this.outputs.map((output) => output.name));
    this.#facts = facts;
    this.#whereabouts = facts.whereabouts;
    this.#trace = facts.trace;
    this.#limitMs = facts.limitMs;
    this.#binds = facts.binds ?? false;
    const { inputs, outputs } = this;
    if (facts.binds) this.#bindings = new IoBindings({ handles, session, inputs, outputs });
  }

  get provider(): string {
    return this.#whereabouts.provider;
  }

  get nodes(): Placement {
    return this.#whereabouts.nodes;
  }

  get refused(): readonly Refusal[] {
    return this.#whereabouts.refused;
  }

  get traced(): Traced | undefined {
    return this.#traced;
  }

  async run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    if (this.#release) throw new ModelError(`Cannot run ${this.#model}: it has been released`);
    if (this.#hung) throw this.#hung;
    checkFeeds(this.#model, this.inputs, feeds, this.optional);
    const call = this.#compute(feeds);
    this.#calls.add(call);
    const over = () => this.#calls.delete(call);
    call.then(over, over);
    const run = withDeadline(this.#limitMs, call, () => this.#hang());
    this.#runs.add(run);
    try {
      const results = await run;
      const isTraced = ++this.#runsDone >= this.#facts.tracedRuns;
      if (this.#trace && isTraced && this.#runs.size === 1) await this.#readTrace(this.#trace);
      return results;
    } catch (cause) {
      if (cause instanceof HungError) throw cause;
      throw new ModelError(`Cannot run ${this.#model}: ${oneLine(cause)}`, { cause });
    } finally {
      this.#runs.delete(run);
    }
  }

  limitRuns(limitMs: number): void {
    this.#limitMs = limitMs;
  }

  release(): Promise<void> {
    this.#release ??= Promise.allSettled(this.#runs).then(() => {
      const freed = Promise.allSettled(this.#calls).then(() => this.#free());
      return this.#hung ? undefined : freed;
    });
    return this.#release;
  }

  #free(): void {
    this.#bindings?.release();
    this.#handles.ort.api.ReleaseSession(this.#session);
    trimMemory();
    this.#trace?.discard();
    this.#facts.onRelease();
  }

  #hang(): HungError {
    this.#hung ??= new HungError(`run ${this.#model}`, this.#limitMs);
    this.#facts.onHang();
    return this.#hung;
  }

  async #readTrace(trace: RunTrace): Promise<void> {
    this.#trace = undefined;
    const { ort, allocator } = this.#handles;
    const { judge, nameOf } = this.#facts;
    this.#traced = await trace.read(ort, allocator, this.#session, nameOf);
    this.#whereabouts = judge(this.#traced);
  }

  async #compute(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    const tensors = this.inputs.map((input) => feeds[input.name]);
    const isUsual = Object.keys(feeds).length === tensors.length;
    if (this.#binds && isUsual && tensors.some(({ constant }) => constant)) {
      try {
        const results = await this.#bindings!.run(tensors);
        if (results !== undefined) return results;
      } catch (error) {
        if (!(error instanceof OrtError)) throw error;
        // If it was not the binding's fault, the plain run fails as well.
        this.#binds = false;
      }
    }
    return await this.#run(feeds);
  }

  async #run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    const { ort, memoryInfo } = this.#handles;
    const extra = this.optional.filter(({ name }) => feeds[name] !== undefined);
    const given = [...this.inputs, ...extra].map(({ name }) => name);
    const names = extra.length === 0 ? this.#inputNames : PointerArray.ofStrings(given);
    const tensors = given.map((name) => feeds[name]);
    const values: Deno.PointerValue[] = [];
    const results = new BigUint64Array(new ArrayBuffer(this.outputs.length * 8));
    try {
      for (const tensor of tensors) values.push(wrapTensor(ort, memoryInfo, tensor));
      const inputs = PointerArray.ofPointers(values);
      const call = ort.api.Run(
        this.#session,
        null,
        names.addresses,
        inputs.addresses,
        BigInt(values.length),
        this.#outputNames.addresses,
        BigInt(this.outputs.length),
        results,
      );
      const status = await holding([this, names, tensors, inputs, results], call);
      ort.check(status);
      const read = (i: number) => readTensor(ort, Deno.UnsafePointer.create(results[i]));
      return Object.fromEntries(this.outputs.map((output, i) => [output.name, read(i)]));
    } finally {
      for (const value of values) ort.api.ReleaseValue(value);
      for (const result of results) ort.api.ReleaseValue(Deno.UnsafePointer.create(result));
    }
  }
}
