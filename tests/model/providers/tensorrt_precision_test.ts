import assert from "node:assert/strict";
import { join } from "node:path";
import { ModelError } from "../../../src/model/manifest.ts";
import type { PreparedModel } from "../../../src/model/provider.ts";
import { tensorrt } from "../../../src/model/providers/tensorrt.ts";
import { GraphBuilder } from "../../../src/onnx/graph_builder.ts";
import { negate } from "../tiny_models.ts";

/** `y = x`, by way of int8. */
function withScales(): Uint8Array {
  const graph = new GraphBuilder("with-scales");
  const x = graph.input("x", "float32", ["n", 3]);
  const scale = graph.input("scale", "float32", []);
  const small = graph.node("QuantizeLinear", [x, scale]);
  graph.output("y", graph.node("DequantizeLinear", [small, scale]), "float32", ["n", 3]);
  return graph.build();
}

Deno.test("int8 needs a model with scales, or a calibration table next to it", async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "whence-int8-" });
  const path = join(folder, "image.onnx");
  const table = join(folder, "image.flatbuffers");
  const INT8 = { device_id: "0", trt_fp16_enable: "1", trt_int8_enable: "1" };
  const model = (path?: string): PreparedModel => ({
    ortPath: "/nowhere/libonnxruntime.so.1",
    path,
    axes: {},
    hash: () => Promise.resolve("1".repeat(64)),
  });
  const prepare = (options: Record<string, string>, at?: string) =>
    tensorrt.prepare!(options, model(at));
  try {
    await t.step("a model without either is refused in one line", async () => {
      await Deno.writeFile(path, negate());
      await assert.rejects(prepare(INT8, path), (error: Error) => {
        assert.ok(error instanceof ModelError);
        assert.equal(
          error.message,
          `Cannot load ${path} in int8: it must have QuantizeLinear operators, or a calibration table image.flatbuffers ` +
            "next to it; set runtime.precision to fp16 to compute without either",
        );
        return true;
      });
    });

    await t.step("other precisions do not look at the model", async () => {
      const fp16 = { device_id: "0", trt_fp16_enable: "1" };
      assert.deepEqual(await prepare(fp16, path), fp16);
    });

    await t.step("a graph built at load is computed in fp16", async () => {
      assert.deepEqual(await prepare(INT8), { device_id: "0", trt_fp16_enable: "1" });
    });

    await t.step("a model with scales gets no table", async () => {
      await Deno.writeFile(path, withScales());
      assert.deepEqual(await prepare(INT8, path), INT8);
    });

    await t.step("a calibration table is used; engines of another one are others", async () => {
      const cached = { ...INT8, trt_engine_cache_path: join(folder, "cache") };
      const engines: string[] = [];
      for (const text of ["one table", "another table"]) {
        await Deno.writeTextFile(table, text);
        const options = await prepare(cached, path);
        assert.equal(options.trt_int8_calibration_table_name, table);
        assert.equal(options.trt_int8_use_native_calibration_table, "0");
        engines.push(options.trt_engine_cache_path);
      }
      assert.match(engines[0], /\/int8-[0-9a-f]{8}-1{16}$/);
      assert.notEqual(engines[0], engines[1]);
    });

    await t.step("a file that is no model is left to ONNX Runtime", async () => {
      await Deno.remove(table);
      await Deno.writeTextFile(path, "no model");
      assert.deepEqual(await prepare(INT8, path), INT8);
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
