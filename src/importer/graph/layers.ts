import { elementCode } from "../../onnx/element_type.ts";
import { float } from "../../onnx/graph.ts";
import type { GraphBuilder, Value } from "../../onnx/graph_builder.ts";
import { float32s } from "../../onnx/tensor.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { floats } from "./float_constant.ts";
import type { LinearWeight } from "./linear_weight.ts";
import { plainLinear } from "./plain_linear.ts";
import { quantize, type QuantizedWeight } from "./quantize.ts";

/** How weights are stored and large products computed. */
export type Precision = "fp32" | "fp16" | "int8";

/** `plain` computes in float32 from the unchanged stored tensors, to check the others. */
export type Arithmetic = Precision | "plain";

/** A slice's end beyond any axis; TensorRT uses 32 bits. */
const TO_THE_END = 2 ** 31 - 1;

type FloatType = "float32" | "float16";

/** A value of the graph and its element type. */
export interface Flow {
  readonly value: Value;
  readonly type: FloatType;
}

/**
 * The operators of a transformer, at one precision.
 *
 * - `fp16`: weights and products are float16; norms, softmax and the residual stream stay float32.
 * - `int8`: linear layers and HuBERT's convolutions multiply bytes (activations quantized
 *   dynamically, weights per output); everything else stays float32.
 */
export class Layers {
  readonly g: GraphBuilder;
  readonly weights: Checkpoint;
  readonly arithmetic: Arithmetic;
  /** Whether operators of ONNX Runtime's own may be used that are faster on CPUs; TensorRT does not have them. */
  readonly forCpu: boolean;
  readonly #scalars = new Map<string, Value>();

  constructor(g: GraphBuilder, weights: Checkpoint, arithmetic: Arithmetic, forCpu = false) {
    this.g = g;
    this.weights = weights;
    this.arithmetic = arithmetic;
    this.forCpu = forCpu;
  }

  /** `value` as `type`, converted only if it has the other one. */
  as(type: FloatType, { value, type: from }: Flow): Value {
    return from === type ? value : this.g.node("Cast", [value], { to: elementCode(type) });
  }

  /** Converts to the type of the large products, so that the following operators use it. */
  half(x: Flow): Flow {
    return { value: this.as(this.#half, x), type: this.#half };
  }

  /** Type of the large products' operands. */
  get #half(): FloatType {
    return this.arithmetic === "fp16" ? "float16" : "float32";
  }

  /** A constant in the type of the large products. */
  #constant(name: string, dims: readonly number[], read: () => Float32Array<ArrayBuffer>): Value {
    return this.g.initializer(name, floats(this.#half, dims, read));
  }

  /** `x · W + b` over the last axis. `exact` keeps a sensitive layer in float32 at any precision. */
  linear(name: string, x: Flow, weight: LinearWeight, exact = false): Flow {
    return this.g.scope(name, () => {
      const { ins, outs } = weight;
      if (this.arithmetic === "plain") {
        const value = plainLinear(this.g, this.weights, this.as("float32", x), weight);
        return { value, type: "float32" };
      }
      if (exact || this.arithmetic === "fp32") {
        const w = this.g.initializer("weight", floats("float32", [ins, outs], weight.read));
        const b = this.g.initializer("bias", float32s(weight.bias));
        const product = this.g.node("MatMul", [this.as("float32", x), w]);
        return { value: this.g.node("Add", [product, b]), type: "float32" };
      }
      if (this.arithmetic === "int8") return this.#integerLinear(x, weight);
      const w = this.#constant("weight", [ins, outs], weight.read);
      const b = this.#constant("bias", [outs], () => Float32Array.from(weight.bias));
      const product = this.g.node("MatMul", [this.as("float16", x), w]);
      return { value: this.g.node("Add", [product, b]), type: "float16" };
    });
  }

  // ONNX Runtime fuses this pattern into one DynamicQuantizeMatMul.
  #integerLinear(x: Flow, weight: LinearWeight): Flow {
    const { ins, outs } = weight;
    let last: QuantizedWeight | undefined;
    const compute = () => last ??= quantize(weight.read(), outs);
    const bytes = this.g.initializer("weight", {
      type: "int8",
      dims: [ins, outs],
      data: { byteLength: ins * outs, read: () => new Uint8Array(compute().values.buffer) },
    });
    const scales = this.g.initializer("scale", {
      type: "float32",
      dims: [outs],
      data: {
        byteLength: outs * 4,
        read: () => {
          const { buffer } = compute().scales;
          last = undefined;
          return new Uint8Array(buffer);
        },
      },
    });
    const bias = this.g.initializer("bias", float32s(weight.bias));
    const [quantized, scale, zero] = this.g.nodes(
      "DynamicQuantizeLinear",
      [this.as("float32", x)],
      {},
      3,
    );
    const product = this.g.node("MatMulInteger", [quantized, bytes, zero]);
    const real = this.g.node("Cast", [product], { to: elementCode("float32") });
    const scaled = this.g.node("Mul", [real, this.g.node("Mul", [scale, scales])]);
    return { value: this.g.node("Add", [scaled, bias]), type: "float32" };
  }

  /** Layer normalization over the last axis with the weights `name`. Always float32. */
  norm(name: string, x: Flow, epsilon: number): Flow {
    return this.g.scope(name, () => {
      const w = this.g.initializer("weight", float32s(this.weights.read(`${name}.weight`)));
      const b = this.g.initializer("bias", float32s(this.weights.read(`${name}.bias`)));
      const value = this.g.node("LayerNormalization", [this.as("float32", x), w, b], {
        axis: -1,
        epsilon: float(epsilon),
      });
      return { value, type: "float32" };
    });
  }

  /** `x · Φ(x)` with the exact Φ: the error of the tanh form exceeds the tolerance of the parity tests. */
  gelu({ value, type }: Flow): Flow {
    const scaled = this.g.node("Div", [value, this.#scalar(type, Math.SQRT2)]);
    const phi = this.g.node("Add", [this.g.node("Erf", [scaled]), this.#scalar(type, 1)]);
    const product = this.g.node("Mul", [value, phi]);
    return { value: this.g.node("Mul", [product, this.#scalar(type, 0.5)]), type };
  }

  #scalar(type: FloatType, x: number): Value {
    const name = `${type}_${x}`;
    const known = this.#scalars.get(name);
    if (known) return known;
    const value = this.g.initializer(name, floats(type, [], () => Float32Array.of(x)));
    this.#scalars.set(name, value);
    return value;
  }

  /** The residual stream, always float32. */
  add(a: Flow, b: Flow): Flow {
    return {
      value: this.g.node("Add", [this.as("float32", a), this.as("float32", b)]),
      type: "float32",
    };
  }

  /** Convolution over time of `[n, channels, steps]`; `exact` keeps it in float32. */
  conv(
    name: string,
    x: Flow,
    conv: {
      readonly dims: readonly number[];
      readonly read: () => Float32Array<ArrayBuffer>;
      readonly bias: Float32Array;
      readonly stride: number;
      readonly pads?: readonly [number, number];
      readonly groups?: number;
      readonly exact?: boolean;
      /** The weight as operators on the stored tensors, if `read` does more than read. */
      readonly plain?: () => Value;
    },
  ): Flow {
    const type = conv.exact ? "float32" : this.#half;
    return this.g.scope(name, () => {
      const w = this.arithmetic === "plain" && conv.plain
        ? conv.plain()
        : this.g.initializer("weight", floats(type, conv.dims, conv.read));
      const b = this.g.initializer(
        "bias",
        floats(type, [conv.bias.length], () => Float32Array.from(conv.bias)),
      );
      const value = this.g.node("Conv", [this.as(type, x), w, b], {
        kernel_shape: [conv.dims[2]],
        strides: [conv.stride],
        pads: conv.pads ?? [0, 0],
        group: conv.groups ?? 1,
      });
      return { value, type };
    });
  }

  /**
   * Whether convolutions over time become products over unfolded windows: this halves the time with
   * bytes, and saves none with floats.
   */
  get unfolds(): boolean {
    return this.arithmetic === "int8";
  }

  /** Windows of `[n, steps, channels]`, `stride` apart, side by side: `[n, windows, kernel · channels]`. */
  unfold({ value, type }: Flow, kernel: number, stride: number): Flow {
    const { g } = this;
    const parts = Array.from({ length: kernel }, (_, k) => {
      const end = k === kernel - 1 ? TO_THE_END : k + 1 - kernel;
      return g.node("Slice", [
        value,
        g.shape([k]),
        g.shape([end]),
        g.shape([1]),
        g.shape([stride]),
      ]);
    });
    return { value: g.node("Concat", parts, { axis: 2 }), type };
  }

  /** Swaps the last two axes of three: `[n, a, b]` → `[n, b, a]`. */
  swap({ value, type }: Flow): Flow {
    return { value: this.g.node("Transpose", [value], { perm: [0, 2, 1] }), type };
  }

  /**
   * Self-attention over `[n, steps, width]`; `qkv` yields queries, keys and values side by side, with
   * the queries already scaled by `1/√(width/heads)`.
   */
  attention(
    name: string,
    x: Flow,
    heads: number,
    qkv: LinearWeight,
    out: LinearWeight,
    exact = false,
  ): Flow {
    return this.g.scope(name, () => {
      const width = qkv.outs / 3;
      const mixed = this.linear("qkv", x, qkv, exact);
      const type = exact ? "float32" : this.#half;
      const parts = this.g.nodes(
        "Split",
        [this.as(type, mixed), this.g.shape([width, width, width])],
        { axis: -1 },
        3,
      );
      if (this.forCpu) {
        // One operator that never has all the products of queries and keys in memory.
        const settings = { num_heads: heads, scale: float(1) };
        const [value] = this.g.nodes("MultiHeadAttention", parts, settings, 1, "com.microsoft");
        return this.linear("proj", { value, type }, out, exact);
      }
      const split = this.g.shape([0, 0, heads, width / heads]);
      const [q, k, v] = parts.map((part, i) =>
        this.g.node("Transpose", [this.g.node("Reshape", [part, split])], {
          perm: i === 1 ? [0, 2, 3, 1] : [0, 2, 1, 3],
        })
      );
      const scores = { value: this.g.node("MatMul", [q, k]), type };
      const weights = this.g.node("Softmax", [this.as("float32", scores)], { axis: -1 });
      const mean = this.g.node("MatMul", [this.as(type, { value: weights, type: "float32" }), v]);
      const joined = this.g.node("Transpose", [mean], { perm: [0, 2, 1, 3] });
      const value = this.g.node("Reshape", [joined, this.g.shape([0, 0, width])]);
      return this.linear("proj", { value, type }, out, exact);
    });
  }

  /** `count` of the steps of `[n, steps, width]` from `start` on; without `count` all remaining ones. */
  steps({ value, type }: Flow, start: number, count?: number): Flow {
    return { value: this.#slice(value, 1, start, count), type };
  }

  /** Channels of `[…, channels]` from `start` on. */
  channels({ value, type }: Flow, start: number): Flow {
    return { value: start === 0 ? value : this.#slice(value, -1, start), type };
  }

  #slice(value: Value, axis: number, start: number, count?: number): Value {
    const end = count === undefined ? TO_THE_END : start + count;
    const { g } = this;
    return g.node("Slice", [value, g.shape([start]), g.shape([end]), g.shape([axis])]);
  }

  /** `token` before the steps of `x`, once for each item of the batch. */
  prependToken(name: string, x: Flow, token: Float32Array): Flow {
    return this.g.scope(name, () => {
      const { g } = this;
      const constant = g.initializer("token", float32s(token, [1, 1, token.length]));
      const value = this.as("float32", x);
      const batch = g.node("Shape", [value], { start: 0, end: 1 });
      const shape = g.node("Concat", [batch, g.shape([1, token.length])], { axis: 0 });
      const tokens = g.node("Expand", [constant, shape]);
      return { value: g.node("Concat", [tokens, value], { axis: 1 }), type: "float32" };
    });
  }
}
