import type { ElementType } from "./element_type.ts";
import type { Attributes, Dim, Graph, Initializer, Node, ValueInfo } from "./graph.ts";
import { encodeModel } from "./encode.ts";
import { bytesOf, checkTensor, int64s, type TensorData } from "./tensor.ts";

/** An edge of the graph under construction: the value of a node, an input or a constant. */
export interface Value {
  readonly name: string;
}

/** Settings of a builder beyond the graph's name. */
export interface GraphOptions {
  /** ONNX operator set, at least 17 (the first with LayerNormalization). */
  readonly opset?: number;
  readonly description?: string;
}

/**
 * Builds an ONNX graph node by node.
 *
 * ```ts
 * const g = new GraphBuilder("similarity");
 * const audio = g.input("audio", "float32", [1, 64, "T"]);
 * const image = g.input("image", "float32", ["F", 64, "h", "w"]);
 * const s = g.node("Einsum", [audio, image], { equation: "act,fchw->fthw" });
 * g.output("similarity", s, "float32", ["F", "T", "h", "w"]);
 * const bytes = g.build();
 * ```
 */
export class GraphBuilder {
  readonly #name: string;
  readonly #opset: number;
  readonly #description: string;
  readonly #names = new Set<string>();
  readonly #counters = new Map<string, number>();
  readonly #inputs: ValueInfo[] = [];
  readonly #outputs: ValueInfo[] = [];
  readonly #nodes: Node[] = [];
  readonly #initializers: Initializer[] = [];
  readonly #shapes = new Map<string, Value>();
  readonly #aliases = new Map<string, string>();
  readonly #scopes: string[] = [];

  constructor(name: string, options: GraphOptions = {}) {
    this.#name = name;
    this.#opset = options.opset ?? 17;
    this.#description = options.description ?? "";
    if (!Number.isInteger(this.#opset) || this.#opset < 17) {
      throw new RangeError(
        `Cannot build graph ${name}: opset must be at least 17, got ${options.opset}`,
      );
    }
  }

  /** Declares an input of the model. A string among `dims` names a dynamic axis. */
  input(name: string, type: ElementType, dims: readonly Dim[]): Value {
    this.#claim(name);
    this.#inputs.push({ name, type, dims: [...dims] });
    return { name };
  }

  /** Declares an input that has `value` where none is given; only the axes that `dims` fixes may not differ. */
  inputWithDefault(name: string, value: TensorData, dims: readonly Dim[]): Value {
    checkTensor(name, value);
    const input = this.input(name, value.type, dims);
    this.#initializers.push({ name, tensor: value });
    return input;
  }

  /**
   * Adds a constant under its own name (within the current scope).
   *
   * @throws {RangeError} when the name is taken or the bytes do not fit the dimensions.
   */
  initializer(name: string, tensor: TensorData): Value {
    const full = this.#scoped(name);
    this.#claim(full);
    checkTensor(full, tensor);
    this.#initializers.push({ name: full, tensor });
    return { name: full };
  }

  /** A small `int64` constant such as a shape or axes; equal ones are stored once. */
  shape(values: number | readonly number[]): Value {
    const key = JSON.stringify(values);
    const known = this.#shapes.get(key);
    if (known) return known;
    const name = this.#unique("shape");
    const tensor = int64s(values);
    this.#initializers.push({ name, tensor });
    const value = { name };
    this.#shapes.set(key, value);
    return value;
  }

  /** Adds an operator with one output and returns that output. `undefined` omits an optional input. */
  node(op: string, inputs: readonly (Value | undefined)[], attributes: Attributes = {}): Value {
    return this.nodes(op, inputs, attributes, 1)[0];
  }

  /** Adds an operator with `count` outputs; `domain` is empty for ONNX's own operators. */
  nodes(
    op: string,
    inputs: readonly (Value | undefined)[],
    attributes: Attributes,
    count: number,
    domain = "",
  ): Value[] {
    const name = this.#unique(this.#scoped(op));
    const outputs = Array.from({ length: count }, (_, i) => {
      const output = `${name}:${i}`;
      this.#claim(output);
      return output;
    });
    for (const input of inputs) {
      if (input && !this.#names.has(input.name)) {
        throw new RangeError(
          `Cannot add ${name}: its inputs must belong to this graph, got ${input.name}`,
        );
      }
    }
    for (const [key, value] of Object.entries(attributes)) {
      if (typeof value === "number" && !Number.isSafeInteger(value)) {
        throw new RangeError(
          `Cannot add ${name}: attribute ${key} must be an integer (or float(${value})), got ${value}`,
        );
      }
    }
    this.#nodes.push({
      op,
      domain,
      name,
      inputs: inputs.map((input) => input?.name ?? ""),
      outputs,
      attributes,
    });
    return outputs.map((output) => ({ name: output }));
  }

  /** Makes `value` an output of the model, called `name`. */
  output(name: string, value: Value, type: ElementType, dims: readonly Dim[]): void {
    this.#claim(name);
    const computed = this.#nodes.some((node) => node.outputs.includes(value.name));
    if (computed && !this.#aliases.has(value.name)) {
      this.#aliases.set(value.name, name);
    } else {
      // An input, a constant or a value that already has an output's name cannot be renamed.
      const copy = this.node("Identity", [value]);
      this.#aliases.set(copy.name, name);
    }
    this.#outputs.push({ name, type, dims: [...dims] });
  }

  /** Runs `body` with the prefix `name/` on the names of nodes and constants. */
  scope<T>(name: string, body: () => T): T {
    this.#scopes.push(name);
    try {
      return body();
    } finally {
      this.#scopes.pop();
    }
  }

  /** The graph as built so far. */
  graph(): Graph {
    const named = (name: string) => this.#aliases.get(name) ?? name;
    return {
      name: this.#name,
      description: this.#description,
      opset: this.#opset,
      inputs: this.#inputs,
      outputs: this.#outputs,
      nodes: this.#nodes.map((node) => ({
        ...node,
        inputs: node.inputs.map(named),
        outputs: node.outputs.map(named),
      })),
      initializers: this.#initializers,
    };
  }

  /**
   * The model as the bytes of an `.onnx` file. For a graph that fits in memory; write a large one with
   * `writeModel`.
   */
  build(): Uint8Array {
    const model = encodeModel(this.graph());
    const bytes = new Uint8Array(model.byteLength);
    let at = 0;
    for (const segment of model.segments) {
      const part = segment instanceof Uint8Array ? segment : bytesOf(segment);
      bytes.set(part, at);
      at += part.byteLength;
    }
    return bytes;
  }

  #scoped(name: string): string {
    return [...this.#scopes, name].join("/");
  }

  #claim(name: string): void {
    if (name === "" || this.#names.has(name)) {
      throw new RangeError(`Cannot build graph ${this.#name}: name must be new, got "${name}"`);
    }
    this.#names.add(name);
  }

  #unique(base: string): string {
    for (;;) {
      const count = this.#counters.get(base) ?? 0;
      this.#counters.set(base, count + 1);
      const name = count === 0 ? base : `${base}_${count}`;
      if (!this.#names.has(name)) {
        this.#names.add(name);
        return name;
      }
    }
  }
}
