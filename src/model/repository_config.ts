import { tritonAcceleration, type TritonPrecision } from "./providers/triton_acceleration.ts";
import type { ServedModel, TensorInfo, TensorType } from "./runtime/session.ts";

/** How a server runs the models of a repository. */
export interface RepositoryOptions {
  /** Largest batch that the server makes of waiting requests. */
  readonly maxBatch: number;
  /** How long a request may wait for others of its batch, µs. */
  readonly maxDelayUs: number;
  /** Precision of TensorRT; undefined for ONNX Runtime's own GPU or CPU code. */
  readonly tensorrt?: TritonPrecision;
}

/** One model of a repository: its name and version, and what its graph declares. */
export interface RepositoryModel {
  readonly served: ServedModel;
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
}

const DATATYPES: Record<TensorType, string> = {
  uint8: "TYPE_UINT8",
  float32: "TYPE_FP32",
  int64: "TYPE_INT64",
};

/** The largest batch of a model: 0, in Triton's words no batching, for a graph that fixes the batch size. */
export function batchLimit({ inputs }: RepositoryModel, { maxBatch }: RepositoryOptions): number {
  return inputs.every(({ dims }) => dims[0] === -1) ? maxBatch : 0;
}

/**
 * `config.pbtxt` of a model, for Triton's ONNX Runtime backend
 * (https://github.com/triton-inference-server/server, docs/user_guide/model_configuration.md).
 */
export function repositoryConfig(model: RepositoryModel, options: RepositoryOptions): string {
  const limit = batchLimit(model, options);
  // Triton leaves the batch axis out of the shapes of a model with batches.
  const tensor = (word: string) => ({ name, type, dims }: TensorInfo) =>
    `${word} [\n  {\n    name: "${name}"\n    data_type: ${DATATYPES[type]}\n` +
    `    dims: [ ${dims.slice(limit > 0 ? 1 : 0).join(", ")} ]\n  }\n]`;
  return [
    `name: "${model.served.name}"`,
    `backend: "onnxruntime"`,
    `max_batch_size: ${limit}`,
    ...model.inputs.map(tensor("input")),
    ...model.outputs.map(tensor("output")),
    ...limit > 0
      ? [`dynamic_batching {\n  max_queue_delay_microseconds: ${options.maxDelayUs}\n}`]
      : [],
    ...options.tensorrt ? [tritonAcceleration(options.tensorrt)] : [],
  ].join("\n") + "\n";
}
