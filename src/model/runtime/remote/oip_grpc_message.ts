import { create, createFileRegistry, fromBinary, fromJson, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { z } from "zod";
import type { Tensor, TensorInfo } from "../session.ts";
import { checkComplete, checkedTensor, DATATYPES } from "./oip_message.ts";

const field = (type: string, number: number, name: string) => ({
  name,
  number,
  label: "LABEL_OPTIONAL",
  ...(/^[a-z]/.test(type)
    ? { type: `TYPE_${type.toUpperCase()}` }
    : { type: "TYPE_MESSAGE", typeName: `.inference.${type}` }),
});
const repeated = (type: string, number: number, name: string) => ({
  ...field(type, number, name),
  label: "LABEL_REPEATED",
});

const nameAndVersion = [field("string", 1, "name"), field("string", 2, "version")];

/**
 * The fields that are used here, of `open_inference_grpc.proto`
 * (https://github.com/kserve/open-inference-protocol). Names of messages are not sent.
 */
const MESSAGES = {
  Nothing: [],
  Ready: [field("bool", 1, "ready")],
  NameAndVersion: nameAndVersion,
  ModelMetadata: [
    repeated("string", 2, "versions"),
    repeated("Tensor", 4, "inputs"),
    repeated("Tensor", 5, "outputs"),
  ],
  Contents: [
    repeated("int64", 3, "int64"),
    repeated("uint32", 4, "uint"),
    repeated("float", 6, "fp32"),
  ],
  Tensor: [
    field("string", 1, "name"),
    field("string", 2, "datatype"),
    repeated("int64", 3, "shape"),
    field("Contents", 5, "contents"),
  ],
  InferRequest: [
    field("string", 1, "model"),
    field("string", 2, "version"),
    field("string", 3, "id"),
    repeated("Tensor", 5, "inputs"),
    repeated("NameAndVersion", 6, "outputs"),
    repeated("bytes", 7, "raw"),
  ],
  InferResponse: [repeated("Tensor", 5, "outputs"), repeated("bytes", 6, "raw")],
};

const registry = createFileRegistry(
  fromJson(FileDescriptorProtoSchema, {
    name: "inference.proto",
    package: "inference",
    syntax: "proto3",
    messageType: Object.entries(MESSAGES).map(([name, field]) => ({ name, field })),
  }),
  () => undefined,
);

const descriptor = (name: keyof typeof MESSAGES) => registry.getMessage(`inference.${name}`)!;

/** Methods of the service, with the messages that they take and return. */
const METHODS = {
  ServerReady: ["Nothing", "Ready"],
  ServerMetadata: ["Nothing", "NameAndVersion"],
  ModelReady: ["NameAndVersion", "Ready"],
  ModelMetadata: ["NameAndVersion", "ModelMetadata"],
  ModelInfer: ["InferRequest", "InferResponse"],
} as const;

/** A method of the service that is used here. */
export type Method = keyof typeof METHODS;

/** Path of a method at a server. */
export function methodPath(method: Method): string {
  return `/inference.GRPCInferenceService/${method}`;
}

/** The message that a method takes. */
export function encodeCall(method: Method, fields: Record<string, unknown>): Uint8Array {
  const message = descriptor(METHODS[method][0]);
  return toBinary(message, create(message, fields as never));
}

/**
 * The message that a method returns.
 *
 * @throws {Error} when the bytes are no protobuf message.
 */
export function decodeResult(method: Method, bytes: Uint8Array): unknown {
  return fromBinary(descriptor(METHODS[method][1]), bytes);
}

/** The fields of `ModelInfer`'s message, with tensors as bytes (little-endian, as all machines here). */
export function inferFields(
  model: string,
  version: string,
  feeds: Readonly<Record<string, Tensor>>,
  outputs: readonly TensorInfo[],
): Record<string, unknown> {
  return {
    model,
    version,
    // Optional in the protocol, but KServe fails without it.
    id: crypto.randomUUID(),
    inputs: Object.entries(feeds).map(([name, { type, dims }]) => ({
      name,
      datatype: DATATYPES[type],
      shape: dims.map(BigInt),
    })),
    outputs: outputs.map(({ name }) => ({ name })),
    raw: Object.values(feeds).map(({ data }) =>
      new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    ),
  };
}

const tensorSchema = z.object({
  name: z.string(),
  datatype: z.string(),
  shape: z.array(z.coerce.number().int().min(0)),
  /** Of servers that do not send bytes. */
  contents: z.object({
    int64: z.array(z.bigint()),
    uint: z.array(z.number()),
    fp32: z.array(z.number()),
  }).optional(),
});
const inferResultSchema = z.object({
  outputs: z.array(tensorSchema),
  raw: z.array(z.instanceof(Uint8Array<ArrayBuffer>)),
});

/**
 * The outputs in `ModelInfer`'s result, whose bytes are in the same order, if there are any.
 *
 * @param outputs the tensors that it must contain.
 * @throws {Error} in a few words, what is wrong with it.
 */
export function readOutputs(
  result: unknown,
  outputs: readonly TensorInfo[],
): Record<string, Tensor> {
  const parsed = inferResultSchema.safeParse(result);
  if (!parsed.success) throw new Error("the response must have shapes of sizes from 0 on");
  const { outputs: sent, raw } = parsed.data;
  const tensors: Record<string, Tensor> = {};
  sent.forEach((tensor, i) => {
    const info = outputs.find((output) => output.name === tensor.name);
    if (info === undefined) return;
    const values = raw.length > 0 ? raw[i] ?? new Uint8Array() : numbersOf(tensor, info);
    tensors[info.name] = checkedTensor(info, tensor.datatype, tensor.shape, values);
  });
  checkComplete(tensors, outputs);
  return tensors;
}

function numbersOf(
  { contents }: z.output<typeof tensorSchema>,
  { type }: TensorInfo,
): Tensor["data"] {
  if (type === "uint8") return Uint8Array.from(contents?.uint ?? []);
  if (type === "float32") return Float32Array.from(contents?.fp32 ?? []);
  return BigInt64Array.from(contents?.int64 ?? []);
}
