import { InferenceSession, Tensor } from "onnxruntime-node";
import type { ModelFolder } from "../../../../src/model/manifest.ts";

const ARRAYS = { UINT8: Uint8Array, FP32: Float32Array, INT64: BigInt64Array } as const;
const TYPES = { UINT8: "uint8", FP32: "float32", INT64: "int64" } as const;

/** Element types of the protocol that models have. */
export type Datatype = keyof typeof ARRAYS;

/** One model of a test's server; onnxruntime-node computes. */
export interface Part {
  readonly session: InferenceSession;
}

/** Both encoders of a model, under the names that a server has. */
export async function openParts(
  { path, manifest }: ModelFolder,
): Promise<ReadonlyMap<string, Part>> {
  const parts = new Map<string, Part>();
  for (const part of ["image", "audio"] as const) {
    const session = await InferenceSession.create(`${path}/${manifest[part].file}`, {
      intraOpNumThreads: 1,
      extra: { session: { intra_op: { allow_spinning: "0" } } },
    });
    parts.set(`${manifest.name}-${part}`, { session });
  }
  return parts;
}

/** Frees the models. */
export async function closeParts(parts: ReadonlyMap<string, Part>): Promise<void> {
  for (const { session } of parts.values()) await session.release();
}

/** Inputs and outputs of a model as the protocol describes them. */
export function metadataOf(
  { session }: Part,
  rename: (name: string) => string = (name) => name,
) {
  const describe = (all: readonly InferenceSession.ValueMetadata[]) =>
    all.filter((tensor) => tensor.isTensor).map(({ name, type, shape }) => ({
      name: rename(name),
      datatype: Object.entries(TYPES).find(([, local]) => local === type)?.[0] ?? type,
      shape: shape.map((n) => typeof n === "number" ? n : -1),
    }));
  return { inputs: describe(session.inputMetadata), outputs: describe(session.outputMetadata) };
}

/** A tensor of bytes that start their buffer. */
export function tensorOf(
  datatype: Datatype,
  shape: readonly number[],
  bytes: Uint8Array<ArrayBuffer>,
): Tensor {
  return new Tensor(
    TYPES[datatype],
    new ARRAYS[datatype](bytes.buffer) as Float32Array,
    shape,
  );
}
