import type { ElementType } from "./element_type.ts";
import type { TensorData } from "./tensor.ts";

/** A float attribute; a bare number in `Attributes` is an integer. */
export interface FloatAttribute {
  readonly float: number;
}

/** Several float attributes. */
export interface FloatsAttribute {
  readonly floats: readonly number[];
}

/** A node's attributes: number → INT (integer), number list → INTS, string → STRING, tensor → TENSOR. */
export type Attributes = Readonly<
  Record<
    string,
    number | readonly number[] | string | FloatAttribute | FloatsAttribute | TensorData
  >
>;

/** The size of one axis. A name makes it dynamic; axes with the same name have the same size. */
export type Dim = number | string;

/** One input or output of a graph. */
export interface ValueInfo {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly Dim[];
}

/** One operator; an empty string among `inputs` omits an optional input. */
export interface Node {
  readonly op: string;
  readonly domain: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
}

/** A constant with its name. */
export interface Initializer {
  readonly name: string;
  readonly tensor: TensorData;
}

/** A whole model, ready to be encoded. */
export interface Graph {
  readonly name: string;
  readonly description: string;
  readonly opset: number;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly nodes: readonly Node[];
  readonly initializers: readonly Initializer[];
}

/** Makes a float attribute: `{ epsilon: float(1e-5) }`. */
export function float(value: number): FloatAttribute {
  return { float: value };
}
