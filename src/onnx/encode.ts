import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { elementCode } from "./element_type.ts";
import type { Attributes, Dim, Graph, Initializer, Node, ValueInfo } from "./graph.ts";
import { bytesOf, type TensorData } from "./tensor.ts";

// Field numbers and enumerations are those of onnx.proto (ONNX IR version 8).
const IR_VERSION = 8;
const ATTRIBUTE = { FLOAT: 1, INT: 2, STRING: 3, TENSOR: 4, FLOATS: 6, INTS: 7 } as const;
const EXTERNAL = 1;
const MESSAGE_LIMIT = 2 ** 31 - 1;

/** Where a constant's bytes are when they are not in the model file. */
export interface ExternalRange {
  /** Name of a file in the model's folder. */
  readonly location: string;
  readonly offset: number;
}

/** An encoded model: byte arrays, and tensors in place of their bytes, to be written in order. */
export interface EncodedModel {
  readonly byteLength: number;
  readonly segments: readonly (Uint8Array | TensorData)[];
}

/**
 * Encodes a graph as the protobuf message `ModelProto`.
 *
 * The message only refers to constants that are named in `external`.
 *
 * @throws {RangeError} when the message would exceed protobuf's 2 GiB.
 */
export function encodeModel(
  graph: Graph,
  external: ReadonlyMap<string, ExternalRange> = new Map(),
): EncodedModel {
  const body: (Uint8Array | TensorData)[] = [];
  const head = new BinaryWriter();
  for (const node of graph.nodes) head.tag(1, WireType.LengthDelimited).bytes(encodeNode(node));
  text(head, 2, graph.name);
  body.push(head.finish());
  for (const initializer of graph.initializers) {
    body.push(...initializerField(initializer, external.get(initializer.name)));
  }
  const tail = new BinaryWriter();
  for (const input of graph.inputs) message(tail, 11, encodeValue(input));
  for (const output of graph.outputs) message(tail, 12, encodeValue(output));
  body.push(tail.finish());
  const bodyLength = total(body);

  const prologue = new BinaryWriter();
  prologue.tag(1, WireType.Varint).int64(IR_VERSION);
  text(prologue, 2, "whence");
  if (graph.description) text(prologue, 6, graph.description);
  const opsets = new Map([["", graph.opset]]);
  for (const node of graph.nodes) if (node.domain) opsets.set(node.domain, 1);
  for (const [domain, version] of opsets) {
    const opset = new BinaryWriter();
    if (domain) text(opset, 1, domain);
    opset.tag(2, WireType.Varint).int64(version);
    message(prologue, 8, opset.finish());
  }
  prologue.tag(7, WireType.LengthDelimited).uint32(bodyLength);
  const segments = [prologue.finish(), ...body];
  const byteLength = total(segments);
  if (byteLength > MESSAGE_LIMIT) {
    throw new RangeError(
      `Cannot encode graph ${graph.name}: a model file must be under 2 GiB, got ${byteLength} bytes; move constants to external data`,
    );
  }
  return { byteLength, segments };
}

function total(segments: readonly (Uint8Array | TensorData)[]): number {
  return segments.reduce(
    (sum, segment) => sum + (segment instanceof Uint8Array ? segment : segment.data).byteLength,
    0,
  );
}

function text(writer: BinaryWriter, field: number, value: string): void {
  writer.tag(field, WireType.LengthDelimited).string(value);
}

function message(writer: BinaryWriter, field: number, bytes: Uint8Array): void {
  writer.tag(field, WireType.LengthDelimited).bytes(bytes);
}

function initializerField(
  { name, tensor }: Initializer,
  external: ExternalRange | undefined,
): (Uint8Array | TensorData)[] {
  const header = tensorHeader(tensor, name);
  const field = new BinaryWriter();
  if (external) {
    const entries = {
      location: external.location,
      offset: String(external.offset),
      length: String(tensor.data.byteLength),
    };
    for (const [key, value] of Object.entries(entries)) {
      const entry = new BinaryWriter();
      text(entry, 1, key);
      text(entry, 2, value);
      message(header, 13, entry.finish());
    }
    header.tag(14, WireType.Varint).int32(EXTERNAL);
    message(field, 5, header.finish());
    return [field.finish()];
  }
  header.tag(9, WireType.LengthDelimited).uint32(tensor.data.byteLength);
  const start = header.finish();
  field.tag(5, WireType.LengthDelimited).uint32(start.byteLength + tensor.data.byteLength);
  return [field.finish(), start, tensor];
}

function tensorHeader(tensor: TensorData, name?: string): BinaryWriter {
  const writer = new BinaryWriter();
  for (const dim of tensor.dims) writer.tag(1, WireType.Varint).int64(dim);
  writer.tag(2, WireType.Varint).int32(elementCode(tensor.type));
  if (name) text(writer, 8, name);
  return writer;
}

function encodeValue({ name, type, dims }: ValueInfo): Uint8Array {
  const shape = new BinaryWriter();
  for (const dim of dims) message(shape, 1, encodeDim(dim));
  const tensorType = new BinaryWriter();
  tensorType.tag(1, WireType.Varint).int32(elementCode(type));
  message(tensorType, 2, shape.finish());
  const valueType = new BinaryWriter();
  message(valueType, 1, tensorType.finish());
  const value = new BinaryWriter();
  text(value, 1, name);
  message(value, 2, valueType.finish());
  return value.finish();
}

function encodeDim(dim: Dim): Uint8Array {
  const writer = new BinaryWriter();
  if (typeof dim === "number") writer.tag(1, WireType.Varint).int64(dim);
  else text(writer, 2, dim);
  return writer.finish();
}

function encodeNode(node: Node): Uint8Array {
  const writer = new BinaryWriter();
  for (const input of node.inputs) text(writer, 1, input);
  for (const output of node.outputs) text(writer, 2, output);
  text(writer, 3, node.name);
  text(writer, 4, node.op);
  for (const [name, value] of Object.entries(node.attributes)) {
    message(writer, 5, encodeAttribute(name, value));
  }
  if (node.domain) text(writer, 7, node.domain);
  return writer.finish();
}

function encodeAttribute(name: string, value: Attributes[string]): Uint8Array {
  const writer = new BinaryWriter();
  text(writer, 1, name);
  let type: number;
  if (typeof value === "number") {
    writer.tag(3, WireType.Varint).int64(value);
    type = ATTRIBUTE.INT;
  } else if (typeof value === "string") {
    text(writer, 4, value);
    type = ATTRIBUTE.STRING;
  } else if (Array.isArray(value)) {
    for (const item of value) writer.tag(8, WireType.Varint).int64(item);
    type = ATTRIBUTE.INTS;
  } else if ("float" in value) {
    writer.tag(2, WireType.Bit32).float(value.float);
    type = ATTRIBUTE.FLOAT;
  } else if ("floats" in value) {
    for (const item of value.floats) writer.tag(7, WireType.Bit32).float(item);
    type = ATTRIBUTE.FLOATS;
  } else {
    const tensor = value as TensorData;
    const header = tensorHeader(tensor);
    message(header, 9, bytesOf(tensor));
    message(writer, 5, header.finish());
    type = ATTRIBUTE.TENSOR;
  }
  writer.tag(20, WireType.Varint).int32(type);
  return writer.finish();
}
