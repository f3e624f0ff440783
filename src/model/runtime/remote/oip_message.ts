import { z } from "zod";
import { shapeText } from "../feeds.ts";
import type { Tensor, TensorInfo, TensorType } from "../session.ts";

/** Header that gives the length of the JSON part of a message with binary tensors; the rest are the tensors. */
export const HEADER_LENGTH = "Inference-Header-Content-Length";

/** The protocol's names of element types. */
export const DATATYPES: Record<TensorType, string> = {
  uint8: "UINT8",
  float32: "FP32",
  int64: "INT64",
};
const BYTES: Record<TensorType, number> = { uint8: 1, float32: 4, int64: 8 };

/** The element type of the protocol's name for it; undefined for one that no model here uses. */
export function typeOf(datatype: string): TensorType | undefined {
  return (Object.keys(DATATYPES) as TensorType[]).find((type) => DATATYPES[type] === datatype);
}

/** The body of an inference request, and the length of its JSON part. */
export interface EncodedRequest {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly headerLength: number;
}

/** An inference request that carries and asks for binary tensors (little-endian, as all machines here). */
export function encodeRequest(
  feeds: Readonly<Record<string, Tensor>>,
  outputs: readonly string[],
): EncodedRequest {
  const tensors = Object.values(feeds);
  const header = new TextEncoder().encode(JSON.stringify({
    // Optional in the protocol, but KServe fails without it.
    id: crypto.randomUUID(),
    inputs: Object.entries(feeds).map(([name, { type, dims, data }]) => ({
      name,
      shape: dims,
      datatype: DATATYPES[type],
      parameters: { binary_data_size: data.byteLength },
    })),
    outputs: outputs.map((name) => ({ name, parameters: { binary_data: true } })),
  }));
  const size = tensors.reduce((sum, { data }) => sum + data.byteLength, header.length);
  const body = new Uint8Array(size);
  body.set(header);
  let offset = header.length;
  for (const { data } of tensors) {
    body.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += data.byteLength;
  }
  return { body, headerLength: header.length };
}

const responseSchema = z.object({
  outputs: z.array(z.object({
    name: z.string(),
    shape: z.array(z.int().min(0)),
    datatype: z.string(),
    parameters: z.object({ binary_data_size: z.int().min(0).optional() }).nullish(),
    data: z.array(z.unknown()).nullish(),
  })),
});

/**
 * Reads an inference response, with binary tensors or with numbers in JSON.
 *
 * @param headerLength length of the JSON part; undefined if there is no other part.
 * @param outputs the tensors that it must contain.
 * @throws {Error} in a few words, what is wrong with it.
 */
export function decodeResponse(
  body: Uint8Array<ArrayBuffer>,
  headerLength: number | undefined,
  outputs: readonly TensorInfo[],
): Record<string, Tensor> {
  const length = headerLength ?? body.length;
  if (!(Number.isInteger(length) && length >= 0 && length <= body.length)) {
    throw new Error(`${HEADER_LENGTH} must be at most ${body.length}, got ${headerLength}`);
  }
  const result = responseSchema.safeParse(parseJson(body.subarray(0, length)));
  if (!result.success) throw new Error("the response must be JSON with outputs");
  const tensors: Record<string, Tensor> = {};
  let offset = length;
  for (const { name, shape, datatype, parameters, data } of result.data.outputs) {
    const size = parameters?.binary_data_size;
    const bytes = size === undefined ? undefined : body.slice(offset, offset + size);
    offset += size ?? 0;
    const wanted = outputs.find((output) => output.name === name);
    if (wanted === undefined) continue;
    tensors[name] = checkedTensor(
      wanted,
      datatype,
      shape,
      bytes ?? fromJson(wanted.type, data ?? []),
    );
  }
  checkComplete(tensors, outputs);
  return tensors;
}

/**
 * An output as a server sent it.
 *
 * @param values numbers, or bytes of a type that may be another.
 * @throws {Error} in a few words, unless element type and size are right.
 */
export function checkedTensor(
  { name, type }: TensorInfo,
  datatype: string,
  shape: readonly number[],
  values: Uint8Array<ArrayBuffer> | Tensor["data"],
): Tensor {
  if (datatype !== DATATYPES[type]) {
    throw new Error(`output ${name} must be ${DATATYPES[type]}, got ${datatype}`);
  }
  const data = values instanceof Uint8Array
    ? fromBytes(type, values as Uint8Array<ArrayBuffer>)
    : values;
  const count = shape.reduce((product, n) => product * n, 1);
  if (data?.length !== count) {
    const got = data?.length ?? `${values.length} bytes`;
    throw new Error(`output ${name} of ${shapeText(shape)} must hold ${count} values, got ${got}`);
  }
  return { type, dims: shape, data };
}

/** @throws {Error} in a few words, when a response lacks an output. */
export function checkComplete(
  tensors: Readonly<Record<string, Tensor>>,
  outputs: readonly TensorInfo[],
): void {
  const missing = outputs.find(({ name }) => tensors[name] === undefined);
  if (missing) throw new Error(`the response must contain ${missing.name}`);
}

/** The JSON of a message; undefined if it is none. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/** Undefined if the bytes end within an element. Bytes that do not start their buffer are copied. */
function fromBytes(type: TensorType, bytes: Uint8Array<ArrayBuffer>): Tensor["data"] | undefined {
  if (bytes.length % BYTES[type] !== 0) return undefined;
  if (type === "uint8") return bytes;
  const whole = bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength;
  const { buffer } = whole ? bytes : new Uint8Array(bytes);
  return type === "float32" ? new Float32Array(buffer) : new BigInt64Array(buffer);
}

/** Servers may nest the arrays by the shape. */
function fromJson(type: TensorType, data: readonly unknown[]): Tensor["data"] {
  const flat = data.flat(Infinity) as number[];
  if (type === "uint8") return Uint8Array.from(flat);
  return type === "float32"
    ? Float32Array.from(flat)
    : BigInt64Array.from(flat, (n) => BigInt(Math.trunc(n)));
}
