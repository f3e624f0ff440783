import { cString } from "../../core/c_string.ts";
import type { Accelerator, ProviderOptions } from "../provider.ts";
import { Out, PointerArray } from "./c_memory.ts";
import type { Ort } from "./ort_api.ts";

/** `OrtSessionOptions`; dispose of it to release it. */
export class SessionOptions implements Disposable {
  readonly pointer: Deno.PointerValue;
  readonly #ort: Ort;

  constructor(ort: Ort, threads: number) {
    this.#ort = ort;
    const out = new Out();
    ort.check(ort.api.CreateSessionOptions(out.cell));
    this.pointer = out.pointer;
    ort.check(ort.api.SetIntraOpNumThreads(this.pointer, threads));
    // A pattern keeps the memory of the first run besides: 35 MB more for denseav-mini, and no faster.
    ort.check(ort.api.DisableMemPattern(this.pointer));
    this.set("session.intra_op.allow_spinning", "0");
    // Products of bytes overflow on x86 processors without VNNI; others ignore it.
    this.set("session.x64quantprecision", "1");
  }

  /** Sets one entry of onnxruntime_session_options_config_keys.h. */
  set(key: string, value: string): void {
    const { api, check } = this.#ort;
    check(api.AddSessionConfigEntry(this.pointer, cString(key), cString(value)));
  }

  /** Fixes the size of a dynamic axis, by its name; a name that the model does not have is ignored. */
  fixAxis(name: string, size: number): void {
    const { api, check } = this.#ort;
    check(api.AddFreeDimensionOverrideByName(this.pointer, cString(name), BigInt(size)));
  }

  /** Makes the session write a trace of every node to `PREFIX_<time>.json` until its profiling ends. */
  profile(prefix: string): void {
    this.#ort.check(this.#ort.api.EnableProfiling(this.pointer, cString(prefix)));
  }

  /**
   * Adds a provider that is less preferred than those added before.
   *
   * @throws {OrtError} when its library, or one that it needs, cannot be loaded, or an option is unknown.
   */
  append({ append: method }: Pick<Accelerator, "append">, options: ProviderOptions): void {
    const { api, check } = this.#ort;
    const keys = PointerArray.ofStrings(Object.keys(options));
    const values = PointerArray.ofStrings(Object.values(options));
    const count = BigInt(keys.length);
    if ("name" in method) {
      check(api.SessionOptionsAppendExecutionProvider(
        this.pointer,
        cString(method.name),
        keys.addresses,
        values.addresses,
        count,
      ));
      return;
    }
    const { create, update, append, release } = this.#ort.optionsFunctions(method);
    const out = new Out();
    check(create(out.cell));
    try {
      check(update(out.pointer, keys.addresses, values.addresses, count));
      check(append(this.pointer, out.pointer));
    } finally {
      release(out.pointer);
    }
  }

  [Symbol.dispose](): void {
    this.#ort.api.ReleaseSessionOptions(this.pointer);
  }
}
