import type { Provider } from "../runtime_schema.ts";

/** Element types that cross a model's boundary. */
export type TensorType = "uint8" | "float32" | "int64";

/** A dense row-major tensor. `data` may lie on a SharedArrayBuffer. */
export interface Tensor {
  readonly type: TensorType;
  readonly dims: readonly number[];
  readonly data: Uint8Array | Float32Array | BigInt64Array;
}

/** One input or output of a session; a dynamic axis has size -1. */
export interface TensorInfo {
  readonly name: string;
  readonly type: TensorType;
  readonly dims: readonly number[];
}

/** An execution provider that was asked for and is not used, with the reason in one line. */
export interface Refusal {
  readonly provider: Provider;
  readonly reason: string;
}

/** One loaded ONNX model on one execution provider. */
export interface Session {
  /** Where its nodes really run: `tensorrt`, `cuda` or `cpu`. */
  readonly provider: string;
  /** Nodes by the provider that computes them; empty when the library cannot tell (ONNX Runtime before 1.24). */
  readonly nodes: Readonly<Record<string, number>>;
  /** Providers preferred over `provider` that did not take this model. */
  readonly refused: readonly Refusal[];
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /**
   * Computes all outputs. Calls may overlap; inputs must stay unchanged until the promise settles.
   *
   * @throws {ModelError} when an input is missing or its type or shape does not fit; one line that names it.
   */
  run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>>;
  /** Frees the model; waits for runs under way. */
  release(): Promise<void>;
}

/** One ONNX Runtime library with one choice of execution providers; makes sessions. */
export interface Runtime {
  /** Library version, such as `1.30.0`. */
  readonly version: string;
  /** Path of the shared library, or `node` for onnxruntime-node's JavaScript API. */
  readonly library: string;
  /** What sessions may run on, most preferred first. */
  readonly providers: readonly Provider[];
  /** Providers that were asked for and cannot be had; filled only where `cpu` was asked for too. */
  readonly refused: readonly Refusal[];
  /**
   * Loads a model from a file, or from bytes for a graph built at load.
   *
   * @throws {ModelError} one line: corrupt model, or a provider that was asked for and cannot be had.
   */
  createSession(model: string | Uint8Array): Promise<Session>;
  /** Frees the environment; sessions must have been released. */
  close(): Promise<void>;
}
