import assert from "node:assert/strict";
import { join } from "node:path";
import { appendToOutput } from "../../src/onnx/append_to_output.ts";
import { GraphBuilder } from "../../src/onnx/graph_builder.ts";
import { readModelSummary } from "../../src/onnx/read_model.ts";
import { float32s } from "../../src/onnx/tensor.ts";
import { openRuntime } from "../../src/model/runtime/runtime.ts";
import { runtimeSchema } from "../../src/model/runtime_schema.ts";

/** y = x + 1, and z = 2 y. */
function model(): Uint8Array {
  const g = new GraphBuilder("small");
  const x = g.input("x", "float32", [1, 2]);
  const one = g.initializer("one", float32s(Float32Array.from([1, 1]), [1, 2]));
  const y = g.node("Add", [x, one]);
  g.output("y", y, "float32", [1, 2]);
  g.output("z", g.node("Add", [y, y]), "float32", [1, 2]);
  return g.build();
}

const tail = (output: string) => ({
  output,
  former: "plain",
  nodes: [{
    op: "MatMul",
    domain: "",
    name: "map",
    inputs: ["plain", "map"],
    outputs: [output],
    attributes: {},
  }],
  initializers: [{
    name: "map",
    tensor: float32s(Float32Array.from([0, 1, 10, 0]), [2, 2]),
  }],
});

Deno.test("nodes behind an output give it; what else read its value reads the former one", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const file = join(folder, "model.onnx");
    await Deno.writeFile(file, appendToOutput(model(), tail("y")));
    const { outputs, constants } = readModelSummary(file);
    assert.deepEqual(outputs.map(({ name }) => name), ["y", "z"]);
    assert.ok(constants.some(({ name }) => name === "map"));
    const runtime = await openRuntime(
      runtimeSchema.parse({ providers: ["cpu"], threads: 1 }),
      folder,
    );
    const session = await runtime.createSession(file);
    const { y, z } = await session.run({
      x: { type: "float32", dims: [1, 2], data: Float32Array.from([1, 2]) },
    });
    assert.deepEqual([...y.data as Float32Array], [30, 2]);
    assert.deepEqual([...z.data as Float32Array], [4, 6]);
    await session.release();
    await runtime.close();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("an output that no node gives is refused", () => {
  assert.throws(
    () => appendToOutput(model(), tail("nothing")),
    /^RangeError: Cannot extend a model: one node must give nothing, got 0$/,
  );
});
