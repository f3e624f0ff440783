import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { type ElementType, elementTypeOf } from "./element_type.ts";
import { FileCursor } from "./file_cursor.ts";
import type { Dim } from "./graph.ts";

/** One input or output as the file declares it. */
export interface DeclaredValue {
  readonly name: string;
  /** Undefined for a type that Whence does not use. */
  readonly type: ElementType | undefined;
  /** A dynamic axis has its name, or "?" without one. */
  readonly dims: readonly Dim[];
}

/** One constant, without its values. */
export interface DeclaredConstant {
  readonly name: string;
  readonly type: ElementType | undefined;
  readonly dims: readonly number[];
}

/** What an ONNX file declares. */
export interface ModelSummary {
  readonly irVersion: number;
  /** Version of ONNX's own operator set. */
  readonly opset: number;
  readonly inputs: readonly DeclaredValue[];
  readonly outputs: readonly DeclaredValue[];
  readonly constants: readonly DeclaredConstant[];
  /** Number of operators. */
  readonly nodes: number;
  /** Their types, such as `Conv`; without those inside of loops and branches. */
  readonly operators: ReadonlySet<string>;
}

/**
 * Reads what an ONNX file declares, skipping the values of its constants.
 *
 * @throws {RangeError} when the file is not a protobuf message.
 */
export function readModelSummary(path: string): ModelSummary {
  using cursor = FileCursor.open(path);
  try {
    return readSummary(cursor);
  } catch (cause) {
    if (cause instanceof RangeError && cause.message.startsWith("Cannot read ")) throw cause;
    throw cursor.damaged(cause);
  }
}

function readSummary(cursor: FileCursor): ModelSummary {
  let irVersion = 0;
  let opset = 0;
  let graph: Graph = emptyGraph();
  cursor.fields(cursor.size, (field, length) => {
    if (field === 1 && length === undefined) irVersion = cursor.varint();
    else if (field === 8 && length !== undefined) opset = readOpset(cursor.bytes(length)) ?? opset;
    else if (field === 7 && length !== undefined) graph = readGraph(cursor, length);
    else return false;
    return true;
  });
  const constants = new Set(graph.constants.map((constant) => constant.name));
  return {
    irVersion,
    opset,
    ...graph,
    // Older writers list constants among the inputs too.
    inputs: graph.inputs.filter((input) => !constants.has(input.name)),
  };
}

interface Graph {
  readonly inputs: DeclaredValue[];
  readonly outputs: DeclaredValue[];
  readonly constants: DeclaredConstant[];
  nodes: number;
  readonly operators: Set<string>;
}

function emptyGraph(): Graph {
  return { inputs: [], outputs: [], constants: [], nodes: 0, operators: new Set() };
}

function readGraph(cursor: FileCursor, length: number): Graph {
  const graph = emptyGraph();
  cursor.fields(cursor.position + length, (field, size) => {
    if (size === undefined) return false;
    if (field === 1) {
      graph.nodes++;
      graph.operators.add(readOperator(cursor, size));
    } else if (field === 5) graph.constants.push(readConstant(cursor, size));
    else if (field === 11) graph.inputs.push(readValue(cursor.bytes(size)));
    else if (field === 12) graph.outputs.push(readValue(cursor.bytes(size)));
    else return false;
    return true;
  });
  return graph;
}

/** The type of a node. */
function readOperator(cursor: FileCursor, length: number): string {
  let type = "";
  cursor.fields(cursor.position + length, (field, size) => {
    if (field !== 4 || size === undefined) return false;
    type = new TextDecoder().decode(cursor.bytes(size));
    return true;
  });
  return type;
}

function readConstant(cursor: FileCursor, length: number): DeclaredConstant {
  const dims: number[] = [];
  let type = 0;
  let name = "";
  cursor.fields(cursor.position + length, (field, size) => {
    if (field === 1 && size === undefined) dims.push(cursor.varint());
    else if (field === 1 && size !== undefined) dims.push(...packedInts(cursor.bytes(size)));
    else if (field === 2 && size === undefined) type = cursor.varint();
    else if (field === 8 && size !== undefined) name = new TextDecoder().decode(cursor.bytes(size));
    else return false;
    return true;
  });
  return { name, type: elementTypeOf(type), dims };
}

function packedInts(bytes: Uint8Array): number[] {
  const reader = new BinaryReader(bytes);
  const values: number[] = [];
  while (reader.pos < reader.len) values.push(Number(reader.int64()));
  return values;
}

function readOpset(bytes: Uint8Array): number | undefined {
  let domain = "";
  let version = 0;
  eachField(bytes, (field, reader) => {
    if (field === 1) domain = reader.string();
    else if (field === 2) version = Number(reader.int64());
    else return false;
    return true;
  });
  return domain === "" ? version : undefined;
}

function readValue(bytes: Uint8Array): DeclaredValue {
  let name = "";
  let type: ElementType | undefined;
  const dims: Dim[] = [];
  eachField(bytes, (field, reader) => {
    if (field === 1) name = reader.string();
    else if (field === 2) {
      eachField(reader.bytes(), (kind, typeReader) => {
        if (kind !== 1) return false;
        eachField(typeReader.bytes(), (part, tensorReader) => {
          if (part === 1) type = elementTypeOf(tensorReader.int32());
          else if (part === 2) dims.push(...readShape(tensorReader.bytes()));
          else return false;
          return true;
        });
        return true;
      });
    } else return false;
    return true;
  });
  return { name, type, dims };
}

function readShape(bytes: Uint8Array): Dim[] {
  const dims: Dim[] = [];
  eachField(bytes, (field, reader) => {
    if (field !== 1) return false;
    let dim: Dim = "?";
    eachField(reader.bytes(), (kind, dimReader) => {
      if (kind === 1) dim = Number(dimReader.int64());
      else if (kind === 2) dim = dimReader.string() || "?";
      else return false;
      return true;
    });
    dims.push(dim);
    return true;
  });
  return dims;
}

/** Calls `read` for each field; it returns whether it read the value. */
function eachField(
  bytes: Uint8Array,
  read: (field: number, reader: BinaryReader) => boolean,
): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (!read(field, reader)) reader.skip(type, type === WireType.StartGroup ? field : undefined);
  }
}
