import { cString } from "../../core/c_string.ts";
import { holding, Out, pointersAt } from "./c_memory.ts";
import type { OrtHandles } from "./ort_api.ts";
import { readTensor, wrapTensor } from "./ort_values.ts";
import type { Tensor, TensorInfo } from "./session.ts";

/** Bindings of one session. Each one keeps its inputs in the provider's memory: about a megabyte. */
const MOST = 4;

/** Inputs up to this size are copied on the event loop, which takes less time than leaving it, bytes. */
const SMALL = 16 * 1024;

/** A session whose inputs and outputs are bound. */
export interface BoundSession {
  readonly handles: OrtHandles;
  readonly session: Deno.PointerValue;
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
}

/**
 * Inputs and outputs bound to a session (`OrtIoBinding`). What is bound stays in the memory of the session's provider: an input
 * that is constant is copied to a GPU once, not at each run. Outputs come in main memory. One run at a time.
 */
export class IoBinding {
  readonly #bound: BoundSession;
  readonly #binding: Deno.PointerValue;
  readonly #names: readonly Uint8Array<ArrayBuffer>[];
  /** What is bound to each input; on the CPU, the session reads its memory in place. */
  readonly #tensors: (Tensor | undefined)[];

  constructor(bound: BoundSession) {
    const { handles: { ort, memoryInfo }, session, inputs, outputs } = bound;
    this.#bound = bound;
    this.#names = inputs.map(({ name }) => cString(name));
    this.#tensors = inputs.map(() => undefined);
    const out = new Out();
    ort.check(ort.api.CreateIoBinding(session, out.cell));
    this.#binding = out.pointer;
    try {
      for (const { name } of outputs) {
        ort.check(ort.api.BindOutputToDevice(this.#binding, cString(name), memoryInfo));
      }
    } catch (error) {
      this.release();
      throw error;
    }
  }

  /** How many of these inputs it holds already. */
  held(tensors: readonly Tensor[]): number {
    return tensors.filter((tensor, i) => this.#holds(i, tensor)).length;
  }

  /** @param tensors one for each input, in order. */
  async run(tensors: readonly Tensor[]): Promise<Record<string, Tensor>> {
    const { handles: { ort }, session, outputs } = this.#bound;
    const { api, check } = ort;
    for (const [i, tensor] of tensors.entries()) {
      if (!this.#holds(i, tensor)) await this.#bind(i, tensor);
    }
    check(await holding([this], api.SynchronizeBoundInputs(this.#binding)));
    // Outputs in main memory are complete when it returns.
    check(await holding([this], api.RunWithBinding(session, null, this.#binding)));
    const values = this.#outputValues();
    try {
      return Object.fromEntries(
        outputs.map(({ name }, i) => [name, readTensor(ort, values[i])]),
      );
    } finally {
      for (const value of values) api.ReleaseValue(value);
    }
  }

  release(): void {
    this.#bound.handles.ort.api.ReleaseIoBinding(this.#binding);
  }

  #holds(input: number, { constant, data, dims }: Tensor): boolean {
    const held = this.#tensors[input];
    return constant === true && held?.data === data && held.dims.join() === dims.join();
  }

  async #bind(input: number, tensor: Tensor): Promise<void> {
    const { ort, memoryInfo } = this.#bound.handles;
    const former = this.#tensors[input];
    this.#tensors[input] = undefined;
    const value = wrapTensor(ort, memoryInfo, tensor);
    try {
      const name = this.#names[input];
      if (tensor.data.byteLength <= SMALL) {
        ort.check(ort.api.BindInput(this.#binding, name, value));
      } else {
        const call = ort.api.BindInputSlowly(this.#binding, name, value);
        // Until it is replaced, what was bound before stays in place.
        ort.check(await holding([this, former, tensor, name], call));
      }
    } finally {
      ort.api.ReleaseValue(value);
    }
    this.#tensors[input] = tensor;
  }

  #outputValues(): Deno.PointerValue[] {
    const { ort, allocator } = this.#bound.handles;
    const [list, count] = [new Out(), new Out()];
    ort.check(ort.api.GetBoundOutputValues(this.#binding, allocator, list.cell, count.cell));
    const values = pointersAt(list.pointer, count.size);
    ort.check(ort.api.AllocatorFree(allocator, list.pointer));
    return values;
  }
}

/** Bindings of one session, for runs at the same time and for cameras whose constant inputs differ. */
export class IoBindings {
  readonly #bound: BoundSession;
  readonly #free = new Set<IoBinding>();
  #count = 0;

  constructor(bound: BoundSession) {
    this.#bound = bound;
  }

  /** Runs on the free binding that holds most of the inputs; undefined if all are in use. */
  run(tensors: readonly Tensor[]): Promise<Record<string, Tensor>> | undefined {
    const binding = this.#take(tensors);
    if (binding === undefined) return undefined;
    return binding.run(tensors).finally(() => this.#free.add(binding));
  }

  /** Frees them; none may be in use. */
  release(): void {
    for (const binding of this.#free) binding.release();
    this.#free.clear();
  }

  #take(tensors: readonly Tensor[]): IoBinding | undefined {
    const constants = tensors.filter(({ constant }) => constant).length;
    let best: IoBinding | undefined;
    let most = -1;
    for (const binding of this.#free) {
      const held = binding.held(tensors);
      if (held > most) [best, most] = [binding, held];
    }
    if (most < constants && this.#count < MOST) {
      best = new IoBinding(this.#bound);
      this.#count++;
    }
    if (best !== undefined) this.#free.delete(best);
    return best;
  }
}
