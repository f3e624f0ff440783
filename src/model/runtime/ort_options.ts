import { cString } from "../../core/c_string.ts";
import { Out, PointerArray } from "./c_memory.ts";
import type { Ort } from "./ort_api.ts";

/** A provider that a CPU is not. */
export type Accelerator = "tensorrt" | "cuda";

/** Options of one provider by the names that ONNX Runtime's documentation gives them. */
export type ProviderOptions = Readonly<Record<string, string>>;

/** `OrtSessionOptions`, to be released by `Symbol.dispose`. */
export class SessionOptions implements Disposable {
  readonly pointer: Deno.PointerValue;
  readonly #ort: Ort;

  constructor(ort: Ort, threads: number) {
    this.#ort = ort;
    const out = new Out();
    ort.check(ort.api.CreateSessionOptions(out.cell));
    this.pointer = out.pointer;
    ort.check(ort.api.SetIntraOpNumThreads(this.pointer, threads));
    this.set("session.intra_op.allow_spinning", "0");
  }

  /** Sets one entry of onnxruntime_session_options_config_keys.h. */
  set(key: string, value: string): void {
    const { api, check } = this.#ort;
    check(api.AddSessionConfigEntry(this.pointer, cString(key), cString(value)));
  }

  /** Writes a trace of every node to `PREFIX_<time>.json` until the session ends its profiling. */
  profile(prefix: string): void {
    this.#ort.check(this.#ort.api.EnableProfiling(this.pointer, cString(prefix)));
  }

  /**
   * Adds a provider below those added before.
   *
   * @throws {OrtError} when its library, or one that it needs, cannot be loaded, or an option is unknown.
   */
  append(provider: Accelerator, options: ProviderOptions): void {
    if (provider === "cuda") this.#appendCuda(options);
    else this.#appendTensorRt(options);
  }

  [Symbol.dispose](): void {
    this.#ort.api.ReleaseSessionOptions(this.pointer);
  }

  #appendCuda(options: ProviderOptions): void {
    const { api, check } = this.#ort;
    const out = new Out();
    check(api.CreateCUDAProviderOptions(out.cell));
    try {
      const keys = PointerArray.ofStrings(Object.keys(options));
      const values = PointerArray.ofStrings(Object.values(options));
      const count = BigInt(keys.length);
      check(api.UpdateCUDAProviderOptions(out.pointer, keys.addresses, values.addresses, count));
      check(api.SessionOptionsAppendExecutionProvider_CUDA_V2(this.pointer, out.pointer));
    } finally {
      api.ReleaseCUDAProviderOptions(out.pointer);
    }
  }

  #appendTensorRt(options: ProviderOptions): void {
    const { api, check } = this.#ort;
    const out = new Out();
    check(api.CreateTensorRTProviderOptions(out.cell));
    try {
      const keys = PointerArray.ofStrings(Object.keys(options));
      const values = PointerArray.ofStrings(Object.values(options));
      const count = BigInt(keys.length);
      check(
        api.UpdateTensorRTProviderOptions(out.pointer, keys.addresses, values.addresses, count),
      );
      check(api.SessionOptionsAppendExecutionProvider_TensorRT_V2(this.pointer, out.pointer));
    } finally {
      api.ReleaseTensorRTProviderOptions(out.pointer);
    }
  }
}
