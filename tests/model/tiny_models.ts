import { GraphBuilder } from "../../src/onnx/graph_builder.ts";

/** `y = -x`, float32 `[n, 3]`. */
export function negate(): Uint8Array {
  const graph = new GraphBuilder("negate");
  const x = graph.input("x", "float32", ["n", 3]);
  graph.output("y", graph.node("Neg", [x]), "float32", ["n", 3]);
  return graph.build();
}

/** Every element type and a scalar: `bytes uint8 [n]`, `numbers int64 [2]` → copies of them and `count int64 []`. */
export function everyType(): Uint8Array {
  const graph = new GraphBuilder("every-type");
  const bytes = graph.input("bytes", "uint8", ["n"]);
  const numbers = graph.input("numbers", "int64", [2]);
  graph.output("bytes_out", graph.node("Identity", [bytes]), "uint8", ["n"]);
  graph.output("numbers_out", graph.node("Neg", [numbers]), "int64", [2]);
  graph.output("count", graph.node("Size", [bytes]), "int64", []);
  return graph.build();
}

/** `y = x · x · … ` of square matrices, `times` products: enough work to watch the event loop beside it. */
export function matrixPower(size: number, times: number): Uint8Array {
  const graph = new GraphBuilder("matrix-power");
  const x = graph.input("x", "float32", [size, size]);
  let y = x;
  for (let i = 0; i < times; i++) y = graph.node("MatMul", [y, x]);
  graph.output("y", y, "float32", [size, size]);
  return graph.build();
}

/** One input or output of a type that no session takes. */
export function halfPrecision(): Uint8Array {
  const graph = new GraphBuilder("half");
  const x = graph.input("x", "float16", [1]);
  graph.output("y", graph.node("Neg", [x]), "float16", [1]);
  return graph.build();
}

/** `y = x reshaped to [2, 2]`: a graph that loads and then fails on an `x` of any other size than 4. */
export function reshape(): Uint8Array {
  const graph = new GraphBuilder("reshape");
  const x = graph.input("x", "float32", ["n"]);
  const y = graph.node("Reshape", [x, graph.shape([2, 2])]);
  graph.output("y", y, "float32", [2, 2]);
  return graph.build();
}
