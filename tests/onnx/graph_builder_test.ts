import assert from "node:assert/strict";
import fc from "fast-check";
import { float } from "../../src/onnx/graph.ts";
import { GraphBuilder } from "../../src/onnx/graph_builder.ts";
import { float32s } from "../../src/onnx/tensor.ts";
import { runModel } from "./run_model.ts";

Deno.test("a built graph computes, with dynamic axes", async () => {
  const g = new GraphBuilder("similarity");
  const audio = g.input("audio", "float32", [1, 3, "T"]);
  const image = g.input("image", "float32", ["F", 3, "h", "w"]);
  const s = g.node("Einsum", [audio, image], { equation: "act,fchw->fthw" });
  g.output("similarity", s, "float32", ["F", "T", "h", "w"]);
  const model = g.build();
  for (const [frames, steps, h, w] of [[1, 1, 1, 1], [2, 4, 2, 3]]) {
    const a = Float32Array.from({ length: 3 * steps }, (_, i) => Math.sin(i));
    const b = Float32Array.from({ length: frames * 3 * h * w }, (_, i) => Math.cos(i));
    const { similarity } = await runModel(model, {
      audio: { type: "float32", dims: [1, 3, steps], data: a },
      image: { type: "float32", dims: [frames, 3, h, w], data: b },
    });
    assert.deepEqual(similarity.dims, [frames, steps, h, w]);
    let at = 0;
    for (let f = 0; f < frames; f++) {
      for (let t = 0; t < steps; t++) {
        for (let p = 0; p < h * w; p++) {
          let sum = 0;
          for (let c = 0; c < 3; c++) sum += a[c * steps + t] * b[(f * 3 + c) * h * w + p];
          assert.ok(Math.abs(similarity.data[at++] - sum) < 1e-5);
        }
      }
    }
  }
});

Deno.test("every kind of attribute and constant reaches the runtime", async () => {
  const g = new GraphBuilder("kinds", { description: "kinds of attributes" });
  const x = g.input("x", "float32", ["n", 4]);
  const scale = g.initializer("scale", float32s([1, 2, 3, 4]));
  const bias = g.initializer("bias", {
    type: "float16",
    dims: [4],
    data: Float16Array.of(0.5, 0, -1, 65504),
  });
  const normed = g.node("LayerNormalization", [x, scale], { axis: -1, epsilon: float(0.5) });
  const sum = g.node("Add", [normed, g.node("Cast", [bias], { to: 1 })]);
  const turned = g.node("Transpose", [sum], { perm: [1, 0] });
  const offset = g.node("Constant", [], { value_floats: { floats: [0.25] } });
  const tensor = g.node("Constant", [], { value: float32s([2]) });
  g.output("y", g.node("Add", [g.node("Mul", [turned, tensor]), offset]), "float32", [4, "n"]);
  const { y } = await runModel(g.build(), {
    x: { type: "float32", dims: [1, 4], data: Float32Array.of(1, 2, 3, 4) },
  });
  const sd = Math.sqrt(1.25 + 0.5);
  const wanted = [1, 2, 3, 4].map((v, i) =>
    (((v - 2.5) / sd) * (i + 1) + [0.5, 0, -1, 65504][i]) * 2 + 0.25
  );
  assert.deepEqual(y.dims, [4, 1]);
  wanted.forEach((v, i) => assert.ok(Math.abs(y.data[i] - v) <= 1e-6 * Math.abs(v) + 1e-6));
});

Deno.test("one value may go out twice, and stay in use; inputs and constants may go out too", async () => {
  const g = new GraphBuilder("outputs");
  const x = g.input("x", "float32", ["n"]);
  const k = g.initializer("k", float32s([3]));
  const twice = g.node("Mul", [x, k]);
  g.output("a", twice, "float32", ["n"]);
  g.output("b", twice, "float32", ["n"]);
  g.output("c", g.node("Neg", [twice]), "float32", ["n"]);
  g.output("d", x, "float32", ["n"]);
  g.output("e", k, "float32", [1]);
  const out = await runModel(g.build(), {
    x: { type: "float32", dims: [2], data: Float32Array.of(1, 2) },
  });
  const plain = Object.fromEntries(Object.entries(out).map(([k, v]) => [k, [...v.data]]));
  assert.deepEqual(plain, { a: [3, 6], b: [3, 6], c: [-3, -6], d: [1, 2], e: [3] });
});

Deno.test("several outputs, optional inputs and scopes", async () => {
  const g = new GraphBuilder("scopes");
  const x = g.input("x", "float32", ["n", 4]);
  const [left, right] = g.scope("block", () => {
    g.initializer("w", float32s([1]));
    return g.nodes("Split", [x, g.shape([1, 3])], { axis: 1 }, 2);
  });
  const clipped = g.node("Clip", [right, undefined, g.initializer("max", float32s(5))]);
  g.output("left", left, "float32", ["n", 1]);
  g.output("right", clipped, "float32", ["n", 3]);
  const graph = g.graph();
  assert.ok(graph.initializers.some((i) => i.name === "block/w"));
  assert.ok(graph.nodes.some((n) => n.name === "block/Split"));
  const out = await runModel(g.build(), {
    x: { type: "float32", dims: [1, 4], data: Float32Array.of(1, 2, 9, -4) },
  });
  assert.deepEqual([...out.left.data], [1]);
  assert.deepEqual([...out.right.data], [2, 5, -4]);
});

Deno.test("mistakes are refused at once", () => {
  const g = new GraphBuilder("mistakes");
  const x = g.input("x", "float32", ["n"]);
  assert.throws(() => g.input("x", "float32", []), /name must be new, got "x"/);
  assert.throws(
    () => g.initializer("w", { type: "float32", dims: [3], data: new Float32Array(2) }),
    /w: float32 \[3\] must have 12 bytes, got 8/,
  );
  assert.throws(
    () => g.initializer("v", { type: "int64", dims: [-1], data: new BigInt64Array(1) }),
    /integers of at least 0, got \[-1\]/,
  );
  assert.throws(() => g.node("Add", [x, { name: "nowhere" }]), /belong to this graph, got nowhere/);
  assert.throws(
    () => g.node("LeakyRelu", [x], { alpha: 0.5 }),
    /alpha must be an integer \(or float/,
  );
  assert.throws(() => new GraphBuilder("old", { opset: 13 }), /at least 17, got 13/);
});

Deno.test("constants of any shape come back unchanged", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 }),
      fc.infiniteStream(fc.float({ noNaN: true })),
      async (dims, stream) => {
        const count = dims.reduce((a, b) => a * b, 1);
        const data = Float32Array.from({ length: count }, () => stream.next().value as number);
        const g = new GraphBuilder("constant");
        g.output("y", g.initializer("k", { type: "float32", dims, data }), "float32", dims);
        const { y } = await runModel(g.build(), {});
        assert.deepEqual(y.dims, dims);
        assert.deepEqual([...y.data], [...data]);
      },
    ),
    { numRuns: 50, seed: 4 },
  );
});
