import { PointerArray } from "./c_memory.ts";
import { checkFeeds } from "./feeds.ts";
import { ModelError } from "./manifest.ts";
import type { Ort } from "./ort_api.ts";
import { boilDown } from "./ort_message.ts";
import { describe, readTensor, wrapTensor } from "./ort_values.ts";
import type { Placement } from "./placement.ts";
import type { Refusal, Session, Tensor, TensorInfo } from "./session.ts";

/** What sessions of one runtime share. */
export interface OrtHandles {
  readonly ort: Ort;
  readonly allocator: Deno.PointerValue;
  readonly memoryInfo: Deno.PointerValue;
}

/** What is known of a session when it is made. */
export interface FfiSessionFacts {
  readonly provider: string;
  readonly nodes: Placement;
  readonly refused: readonly Refusal[];
  /** Called once the session is freed. */
  readonly onRelease: () => void;
}

/** A session over ONNX Runtime's C API: runs off the event loop, inputs in place. */
export class FfiSession implements Session {
  readonly provider: string;
  readonly nodes: Placement;
  readonly refused: readonly Refusal[];
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  readonly #model: string;
  readonly #handles: OrtHandles;
  readonly #session: Deno.PointerValue;
  readonly #inputNames: PointerArray;
  readonly #outputNames: PointerArray;
  readonly #runs = new Set<Promise<unknown>>();
  readonly #onRelease: () => void;
  #release: Promise<void> | undefined;

  /** Owns `session` once it is made. */
  constructor(
    model: string,
    handles: OrtHandles,
    session: Deno.PointerValue,
    { provider, nodes, refused, onRelease }: FfiSessionFacts,
  ) {
    const { ort, allocator } = handles;
    this.inputs = describe(ort, allocator, session, "Input", model);
    this.outputs = describe(ort, allocator, session, "Output", model);
    this.#model = model;
    this.#handles = handles;
    this.#session = session;
    this.#inputNames = PointerArray.ofStrings(this.inputs.map((input) => input.name));
    this.#outputNames = PointerArray.ofStrings(this.outputs.map((output) => output.name));
    this.provider = provider;
    this.nodes = nodes;
    this.refused = refused;
    this.#onRelease = onRelease;
  }

  async run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    if (this.#release) throw new ModelError(`Cannot run ${this.#model}: it has been released`);
    checkFeeds(this.#model, this.inputs, feeds);
    const run = this.#run(this.inputs.map((input) => feeds[input.name]));
    this.#runs.add(run);
    try {
      return await run;
    } catch (cause) {
      throw new ModelError(`Cannot run ${this.#model}: ${boilDown(cause)}`, { cause });
    } finally {
      this.#runs.delete(run);
    }
  }

  release(): Promise<void> {
    this.#release ??= Promise.allSettled(this.#runs).then(() => {
      this.#handles.ort.api.ReleaseSession(this.#session);
      this.#onRelease();
    });
    return this.#release;
  }

  async #run(tensors: readonly Tensor[]): Promise<Record<string, Tensor>> {
    const { ort, memoryInfo } = this.#handles;
    const values: Deno.PointerValue[] = [];
    const results = new BigUint64Array(new ArrayBuffer(this.outputs.length * 8));
    try {
      for (const tensor of tensors) values.push(wrapTensor(ort, memoryInfo, tensor));
      const inputs = PointerArray.ofPointers(values);
      // ONNX Runtime reads and writes these while this function sleeps.
      const held = [tensors, inputs, results];
      const status = await ort.api.Run(
        this.#session,
        null,
        this.#inputNames.addresses,
        inputs.addresses,
        BigInt(values.length),
        this.#outputNames.addresses,
        BigInt(this.outputs.length),
        results,
      );
      held.length = 0;
      ort.check(status);
      const read = (i: number) => readTensor(ort, Deno.UnsafePointer.create(results[i]));
      return Object.fromEntries(this.outputs.map((output, i) => [output.name, read(i)]));
    } finally {
      for (const value of values) ort.api.ReleaseValue(value);
      for (const result of results) ort.api.ReleaseValue(Deno.UnsafePointer.create(result));
    }
  }
}
