import type { Refusal } from "./refusal.ts";
import type { Traced } from "./run_trace.ts";

/** Element types of a model's inputs and outputs. */
export type TensorType = "uint8" | "float32" | "int64";

/** A dense row-major tensor. `data` may be a view of a SharedArrayBuffer. */
export interface Tensor {
  readonly type: TensorType;
  readonly dims: readonly number[];
  readonly data: Uint8Array | Float32Array | BigInt64Array;
  /** Whether `data` will never change: a provider with memory of its own then keeps its copy for the next run. */
  readonly constant?: boolean;
}

/** One input or output of a session; a dynamic axis has size -1. */
export interface TensorInfo {
  readonly name: string;
  readonly type: TensorType;
  readonly dims: readonly number[];
}

/** One loaded ONNX model on one execution provider. */
export interface Session {
  /** The provider that does most of its work, such as `cpu`. */
  readonly provider: string;
  /** Nodes by the provider that computes them; empty before ONNX Runtime 1.24, which does not report it. */
  readonly nodes: Readonly<Record<string, number>>;
  /** Providers preferred over `provider` that did not take this model. */
  readonly refused: readonly Refusal[];
  /** Where a run spent its time; undefined unless the runtime was opened to trace runs, and before the last of them. */
  readonly traced?: Traced;
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /** Inputs that have a default; undefined if the runtime does not take them. */
  readonly optional?: readonly TensorInfo[];
  /**
   * Computes all outputs. Calls may overlap; inputs must stay unchanged until the promise settles.
   *
   * @throws {ModelError} when an input is missing or its type or shape does not fit; one line that names it.
   * @throws {HungError} when the run exceeds its time limit; the session is lost then.
   */
  run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>>;
  /**
   * Sets the time limit of later runs, ms; until then it is the runtime's `loadLimitMs`. Has no effect on
   * onnxruntime-node's JavaScript API, whose runs block the event loop.
   */
  limitRuns(limitMs: number): void;
  /** Frees the model, after the runs under way; one that hangs is not waited for. */
  release(): Promise<void>;
}

/** A model on an inference server: the name that it has there, and its version. */
export interface ServedModel {
  readonly name: string;
  readonly version: number;
}

/** Sizes of dynamic axes by their names, such as `{ n: 1, samples: 32000 }`. */
export type AxisSizes = Readonly<Record<string, number>>;

/** One ONNX Runtime library with one choice of execution providers; creates sessions. */
export interface Runtime {
  /** Library version, such as `1.30.0`; of a server also its name. */
  readonly version: string;
  /** Path of the shared library, `node` for onnxruntime-node's JavaScript API, or a server's URL. */
  readonly library: string;
  /** Names of the providers that sessions may run on, most preferred first. */
  readonly providers: readonly string[];
  /** Unavailable providers to report to users; empty unless the fallback may take their place. */
  readonly refused: readonly Refusal[];
  /** A message for users who wait for a model to be compiled; undefined if no provider compiles it. */
  readonly compiles: string | undefined;
  /** Whether an image encoder in bytes, of models that have one, is faster here; see image_variant.ts. */
  readonly prefersInt8?: boolean;
  /** How long loading a model, and each of its first runs, may take, ms. */
  readonly loadLimitMs: number;
  /**
   * Loads a model from a file, or from bytes for a graph built at load.
   *
   * @param served what an inference server calls the model; it runs locally without it, or if there is no server.
   * @param axes sizes that dynamic axes will always have, for providers that compile the model.
   * @throws {ModelError} one line: corrupt model, or a provider that cannot take it.
   */
  createSession(
    model: string | Uint8Array,
    served?: ServedModel,
    axes?: AxisSizes,
  ): Promise<Session>;
  /** Frees the environment; sessions must have been released. */
  close(): Promise<void>;
}
