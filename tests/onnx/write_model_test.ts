import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Graph } from "../../src/onnx/graph.ts";
import { GraphBuilder } from "../../src/onnx/graph_builder.ts";
import type { TensorData } from "../../src/onnx/tensor.ts";
import { writeModel } from "../../src/onnx/write_model.ts";
import { runModel } from "./run_model.ts";

const SIZE = 40;

function sample(reads: string[] = []): Graph {
  const g = new GraphBuilder("written");
  let x = g.input("x", "float32", ["n", SIZE]);
  for (let i = 0; i < 3; i++) {
    const data = {
      byteLength: SIZE * SIZE * 4,
      read: () => {
        reads.push(`w${i}`);
        const values = Float32Array.from({ length: SIZE * SIZE }, (_, j) => Math.sin(i + j));
        return new Uint8Array(values.buffer);
      },
    };
    const w: TensorData = { type: "float32", dims: [SIZE, SIZE], data };
    const b = new Float32Array(SIZE).fill(i);
    x = g.node("MatMul", [x, g.initializer(`w${i}`, w)]);
    x = g.node("Add", [x, g.initializer(`b${i}`, { type: "float32", dims: [SIZE], data: b })]);
  }
  g.output("y", x, "float32", ["n", SIZE]);
  return g.graph();
}

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "whence-onnx-" });
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const feeds = {
  x: { type: "float32", dims: [1, SIZE], data: new Float32Array(SIZE).fill(0.1) },
} as const;

Deno.test("a model with its constants inside and one with external data compute the same", async () => {
  await inFolder(async (folder) => {
    const reads: string[] = [];
    const inside = await writeModel(join(folder, "a.onnx"), sample(reads));
    assert.deepEqual(reads, ["w0", "w1", "w2"]);
    const outside = await writeModel(join(folder, "b.onnx"), sample(), { externalDataAbove: 1000 });
    assert.deepEqual(inside.map((f) => f.file), ["a.onnx"]);
    assert.deepEqual(outside.map((f) => f.file), ["b.onnx", "b.onnx.data"]);
    assert.ok(outside[0].bytes < 2500, `${outside[0].bytes}`);
    const a = await runModel(join(folder, "a.onnx"), { x: { ...feeds.x, dims: [1, SIZE] } });
    const b = await runModel(join(folder, "b.onnx"), { x: { ...feeds.x, dims: [1, SIZE] } });
    assert.deepEqual(a.y.data, b.y.data);
  });
});

Deno.test("hashes and sizes are those of the files, and progress ends at the total", async () => {
  await inFolder(async (folder) => {
    const seen: [number, number][] = [];
    const files = await writeModel(join(folder, "m.onnx"), sample(), {
      externalDataAbove: 0,
      onProgress: (...p) => seen.push(p),
    });
    for (const { file, sha256, bytes } of files) {
      const data = await Deno.readFile(join(folder, file));
      assert.equal(data.byteLength, bytes);
      assert.equal(createHash("sha256").update(data).digest("hex"), sha256);
    }
    const total = 3 * SIZE * SIZE * 4 + 3 * SIZE * 4;
    assert.deepEqual(seen.at(-1), [total, total]);
  });
});

Deno.test("a source that returns another length than declared is an error", async () => {
  await inFolder(async (folder) => {
    const g = new GraphBuilder("short");
    const data = { byteLength: 8, read: () => new Uint8Array(4) };
    g.output("y", g.initializer("w", { type: "float32", dims: [2], data }), "float32", [2]);
    await assert.rejects(
      writeModel(join(folder, "m.onnx"), g.graph()),
      /must return 8 bytes, got 4/,
    );
  });
});

Deno.test("an aborted signal stops the writing", async () => {
  await inFolder(async (folder) => {
    await assert.rejects(
      writeModel(join(folder, "m.onnx"), sample(), { signal: AbortSignal.abort() }),
      { name: "AbortError" },
    );
  });
});

Deno.test("a message beyond protobuf's limit is refused before a byte is written", async () => {
  await inFolder(async (folder) => {
    const g = new GraphBuilder("huge");
    const data = { byteLength: 3e9, read: () => assert.fail("must not be read") };
    g.output("y", g.initializer("w", { type: "uint8", dims: [3e9], data }), "uint8", [3e9]);
    await assert.rejects(
      writeModel(join(folder, "m.onnx"), g.graph(), { externalDataAbove: 4e9 }),
      /must be under 2 GiB/,
    );
  });
});
