import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { GraphBuilder } from "../../src/onnx/graph_builder.ts";
import { readModelSummary } from "../../src/onnx/read_model.ts";
import { float32s } from "../../src/onnx/tensor.ts";
import { writeModel } from "../../src/onnx/write_model.ts";

async function inFile(bytes: Uint8Array, body: (path: string) => void): Promise<void> {
  const path = await Deno.makeTempFile({ prefix: "whence-onnx-", suffix: ".onnx" });
  try {
    await Deno.writeFile(path, bytes);
    body(path);
  } finally {
    await Deno.remove(path);
  }
}

function sample(): GraphBuilder {
  const g = new GraphBuilder("sample");
  const x = g.input("x", "uint8", ["n", 3]);
  const w = g.initializer("w", float32s(new Float32Array(60_000), [3, 20_000]));
  const real = g.node("Cast", [x], { to: 1 });
  g.output("y", g.node("MatMul", [real, w]), "float32", ["n", 20_000]);
  return g;
}

Deno.test("a written model is read back without its values", async () => {
  await inFile(sample().build(), (path) => {
    assert.deepEqual(readModelSummary(path), {
      irVersion: 8,
      opset: 17,
      inputs: [{ name: "x", type: "uint8", dims: ["n", 3] }],
      outputs: [{ name: "y", type: "float32", dims: ["n", 20_000] }],
      constants: [{ name: "w", type: "float32", dims: [3, 20_000] }],
      nodes: 2,
      operators: new Set(["Cast", "MatMul"]),
    });
  });
});

Deno.test("external data is declared like other constants", async () => {
  const folder = await Deno.makeTempDir({ prefix: "whence-onnx-" });
  try {
    const path = join(folder, "m.onnx");
    await writeModel(path, sample().graph(), { externalDataAbove: 0 });
    const constant = { name: "w", type: "float32", dims: [3, 20_000] };
    assert.deepEqual(readModelSummary(path).constants, [constant]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a model that PyTorch exported is read", () => {
  const folder = fileURLToPath(new URL("../../models/denseav-mini", import.meta.url));
  const image = readModelSummary(join(folder, "image.onnx"));
  assert.deepEqual(image.inputs.map((input) => [input.name, input.type]), [["frames", "uint8"]]);
  assert.equal(image.outputs[0].name, "features");
  assert.ok(image.constants.length > 10 && image.opset >= 17);
});

Deno.test("a file that is cut or damaged anywhere is an error of one line", async () => {
  const whole = sample().build();
  for (let length = 1; length < 400; length += 3) {
    await inFile(whole.subarray(0, length), (path) => {
      try {
        readModelSummary(path);
      } catch (error) {
        assert.ok(error instanceof RangeError);
        assert.match(error.message, /^Cannot read [^\n]*damaged file at byte \d+$/);
        return;
      }
      // A cut between two fields of the message leaves a shorter message.
    });
  }
  for (let at = 0; at < 300; at++) {
    const damaged = whole.map((byte, i) => i === at ? byte ^ 0x55 : byte);
    await inFile(damaged, (path) => {
      try {
        readModelSummary(path);
      } catch (error) {
        assert.match((error as Error).message, /^Cannot read [^\n]*damaged file at byte \d+$/);
      }
    });
  }
  await inFile(new TextEncoder().encode("not a model at all, just text"), (path) => {
    assert.throws(() => readModelSummary(path), /must be an ONNX model/);
  });
});
