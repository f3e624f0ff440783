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

/** One loaded ONNX model on one execution provider. */
export interface Session {
  /** Where its nodes really run: `tensorrt`, `cuda` or `cpu`. */
  readonly provider: string;
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
  /**
   * Loads a model from a file, or from bytes for a graph built at load.
   *
   * @throws {ModelError} one line: corrupt model, or a provider that was asked for and cannot be had.
   */
  createSession(model: string | Uint8Array): Promise<Session>;
  /** Frees the environment; sessions must have been released. */
  close(): Promise<void>;
}
