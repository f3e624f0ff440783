import type { GraphBuilder, Value } from "../../onnx/graph_builder.ts";
import { float32s } from "../../onnx/tensor.ts";
import { type Checkpoint, LORA_ALPHA } from "../checkpoint/checkpoint.ts";
import { floats } from "./float_constant.ts";
import type { LinearSource, LinearWeight } from "./linear_weight.ts";

/**
 * A linear layer as the original computes it: unchanged weights, the low-rank update as a separate
 * branch, queries scaled afterwards. Slow, and independent of how `LinearWeight.read` merges.
 */
export function plainLinear(
  g: GraphBuilder,
  weights: Checkpoint,
  x: Value,
  weight: LinearWeight,
): Value {
  const parts = weight.sources.map((source) => plainSource(g, weights, x, source));
  return parts.length === 1 ? parts[0] : g.node("Concat", parts, { axis: -1 });
}

function plainSource(g: GraphBuilder, weights: Checkpoint, x: Value, source: LinearSource): Value {
  const { name, scales } = source;
  const rank = weights.loraRank(name);
  let y = g.node("MatMul", [x, turned(g, weights, `${name}.weight`)]);
  if (rank > 0) {
    const inner = g.node("MatMul", [x, turned(g, weights, `${name}.lora_A.default.weight`)]);
    const outer = g.node("MatMul", [inner, turned(g, weights, `${name}.lora_B.default.weight`)]);
    const scale = g.initializer(`${name}.lora_scale`, float32s(LORA_ALPHA / rank));
    y = g.node("Add", [y, g.node("Mul", [outer, scale])]);
  }
  y = g.node("Add", [y, stored(g, weights, `${name}.bias`)]);
  if (!scales) return y;
  return g.node("Mul", [y, g.initializer(`${name}.scales`, float32s(scales))]);
}

/** Weight norm as operators: `g · v / |v|`, the norm over all axes but the last. */
export function plainWeightNorm(g: GraphBuilder, weights: Checkpoint, name: string): Value {
  if (weights.has(`${name}.weight`)) return stored(g, weights, `${name}.weight`);
  const direction = stored(g, weights, `${name}.weight_v`);
  const length = g.node("ReduceL2", [direction], { axes: [0, 1], keepdims: 1 });
  const gain = stored(g, weights, `${name}.weight_g`);
  return g.node("Div", [g.node("Mul", [direction, gain]), length]);
}

function stored(g: GraphBuilder, weights: Checkpoint, name: string): Value {
  return g.initializer(name, floats("float32", weights.shape(name), () => weights.read(name)));
}

/** `[out, in, …]` as a matrix `[in…, out]`; a patch convolution's inputs run over row, column, color. */
function turned(g: GraphBuilder, weights: Checkpoint, name: string): Value {
  const shape = weights.shape(name);
  const value = stored(g, weights, name);
  if (shape.length === 2) return g.node("Transpose", [value], { perm: [1, 0] });
  const moved = g.node("Transpose", [value], { perm: [2, 3, 1, 0] });
  return g.node("Reshape", [moved, g.shape([-1, shape[0]])]);
}
