import assert from "node:assert/strict";
import { join } from "node:path";
import { engineFolders } from "../../../src/model/providers/engine_folders.ts";
import { gpuText } from "../../../src/model/providers/nvidia_gpu.ts";
import { tensorrt } from "../../../src/model/providers/tensorrt.ts";
import { compileLibrary } from "../../support/compile_library.ts";

const KEY = {
  tensorrt: "10.3.0",
  gpu: "Orin (nvgpu) sm87",
  precision: "fp16",
  model: "ab".repeat(32),
  axes: {},
};

Deno.test("engines are kept apart by TensorRT, GPU, precision and model; timings by TensorRT and GPU", () => {
  const { engines, timings } = engineFolders("/cache", KEY);
  assert.equal(engines, "/cache/trt-10.3.0-Orin-nvgpu-sm87/fp16-abababababababab");
  assert.equal(timings, "/cache/trt-10.3.0-Orin-nvgpu-sm87/timings");
  for (
    const [key, shared] of [["tensorrt", false], ["gpu", false], ["precision", true], [
      "model",
      true,
    ]] as const
  ) {
    const other = engineFolders("/cache", { ...KEY, [key]: "other" });
    assert.notEqual(other.engines, engines);
    assert.equal(other.timings === timings, shared, key);
  }
});

Deno.test("engines for other sizes of the axes are others", () => {
  const engines = (axes: Record<string, number>) =>
    engineFolders("/cache", { ...KEY, axes }).engines.replace(/.*\//, "");
  assert.equal(engines({ n: 1, samples: 32000 }), "fp16-abababababababab-n1-samples32000");
  assert.equal(engines({ "a/../b": 2 }), "fp16-abababababababab-a-..-b2");
});

Deno.test("TensorRT gets folders of its own for each model", async () => {
  const folder = await Deno.makeTempDir({ prefix: "whence-engines-test-" });
  try {
    const cache = join(folder, "cache");
    const options = { device_id: "0", trt_fp16_enable: "1", trt_engine_cache_path: cache };
    const of = (hash: string) =>
      tensorrt.prepare!(options, {
        ortPath: "/nowhere/libonnxruntime.so.1",
        axes: {},
        hash: () => Promise.resolve(hash),
      });
    const one = await of("1".repeat(64));
    const two = await of("2".repeat(64));
    assert.match(one.trt_engine_cache_path, /\/cache\/trt-unknown-[^/]+\/fp16-1{16}$/);
    assert.notEqual(two.trt_engine_cache_path, one.trt_engine_cache_path);
    assert.equal(two.trt_timing_cache_path, one.trt_timing_cache_path);
    for (const path of [one.trt_engine_cache_path, one.trt_timing_cache_path]) {
      assert.ok((await Deno.stat(path)).isDirectory);
    }
    const none = { device_id: "0", trt_fp16_enable: "1" };
    const model = { ortPath: "", axes: {}, hash: () => Promise.resolve("") };
    assert.deepEqual(await tensorrt.prepare!(none, model), none);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a GPU is named by its driver", async () => {
  const folder = await Deno.makeTempDir({ prefix: "whence-gpu-test-" });
  try {
    const driver = await compileLibrary(
      join(folder, "libcuda_stub.so"),
      `int cuInit(unsigned f) { return f; }
       int cuDeviceGet(int *d, int i) { *d = i + 7; return i > 0; }
       int cuDeviceGetName(char *n, int size, int d) { n[0] = 'O'; n[1] = 'r'; n[2] = 0; return d != 7; }
       int cuDeviceGetAttribute(int *v, int a, int d) { *v = a == 75 ? 8 : a == 76 ? d : -1; return 0; }`,
    );
    assert.equal(gpuText(0, driver), "Or sm87");
    assert.equal(gpuText(1, driver), undefined);
    assert.equal(gpuText(0, join(folder, "none.so")), undefined);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
