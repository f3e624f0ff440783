import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { encodeModel } from "./encode.ts";
import type { Graph, Initializer, Node } from "./graph.ts";
import { bytesOf } from "./tensor.ts";

/** What is put behind an output of a model. */
export interface OutputTail {
  /** Name of the output; the new nodes give it. */
  readonly output: string;
  /** What the output's former value is called. */
  readonly former: string;
  readonly nodes: readonly Node[];
  readonly initializers: readonly Initializer[];
}

// Fields of onnx.proto.
const MODEL_GRAPH = 7;
const GRAPH_NODE = 1;
const NODE_INPUT = 1;
const NODE_OUTPUT = 2;

/**
 * A model with further nodes behind one of its outputs; everything else stays as it is, byte for byte.
 *
 * @param model an encoded `ModelProto`
 * @throws {RangeError} if no node gives the output.
 */
export function appendToOutput(model: Uint8Array, tail: OutputTail): Uint8Array<ArrayBuffer> {
  let renamed = 0;
  const graph = (bytes: Uint8Array): Uint8Array => {
    const writer = new BinaryWriter();
    eachField(bytes, (field, type, whole, value) => {
      if (field !== GRAPH_NODE || type !== WireType.LengthDelimited) return writer.raw(whole);
      const { node, outputs } = renameIn(value, tail);
      renamed += outputs;
      writer.tag(GRAPH_NODE, WireType.LengthDelimited).bytes(node);
    });
    writer.raw(graphFields(tail));
    return writer.finish();
  };
  const writer = new BinaryWriter();
  eachField(model, (field, type, whole, value) => {
    if (field !== MODEL_GRAPH || type !== WireType.LengthDelimited) return writer.raw(whole);
    writer.tag(MODEL_GRAPH, WireType.LengthDelimited).bytes(graph(value));
  });
  if (renamed !== 1) {
    throw new RangeError(
      `Cannot extend a model: one node must give ${tail.output}, got ${renamed}`,
    );
  }
  return writer.finish();
}

/** A node that names the output's former value wherever it named the output. */
function renameIn(node: Uint8Array, { output, former }: OutputTail) {
  const writer = new BinaryWriter();
  const decoder = new TextDecoder();
  let outputs = 0;
  eachField(node, (field, type, whole, value) => {
    const names = type === WireType.LengthDelimited &&
      (field === NODE_INPUT || field === NODE_OUTPUT) && decoder.decode(value) === output;
    if (!names) return writer.raw(whole);
    if (field === NODE_OUTPUT) outputs++;
    writer.tag(field, WireType.LengthDelimited).string(former);
  });
  return { node: writer.finish(), outputs };
}

/** The fields of a graph that hold the tail's nodes and constants. */
function graphFields({ nodes, initializers }: OutputTail): Uint8Array {
  const part: Graph = {
    name: "",
    description: "",
    opset: 17,
    inputs: [],
    outputs: [],
    nodes,
    initializers,
  };
  const writer = new BinaryWriter();
  for (const segment of encodeModel(part).segments) {
    writer.raw(segment instanceof Uint8Array ? segment : bytesOf(segment));
  }
  const fields = new BinaryWriter();
  eachField(writer.finish(), (field, _type, _whole, value) => {
    if (field !== MODEL_GRAPH) return;
    eachField(value, (inner, _innerType, whole) => {
      // Nodes and constants, not the name.
      if (inner === GRAPH_NODE || inner === 5) fields.raw(whole);
    });
  });
  return fields.finish();
}

/** Calls `take` for each field with its bytes, tag included, and with those of its value alone. */
function eachField(
  bytes: Uint8Array,
  take: (field: number, type: WireType, whole: Uint8Array, value: Uint8Array) => unknown,
): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [field, type] = reader.tag();
    let value = new Uint8Array();
    if (type === WireType.LengthDelimited) value = reader.bytes() as Uint8Array<ArrayBuffer>;
    else reader.skip(type, type === WireType.StartGroup ? field : undefined);
    take(field, type, bytes.subarray(start, reader.pos), value);
  }
}
