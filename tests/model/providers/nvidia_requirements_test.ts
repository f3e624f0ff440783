import assert from "node:assert/strict";
import { join } from "node:path";
import { nvidiaRequirements } from "../../../src/model/providers/nvidia_requirements.ts";
import { compileLibrary } from "../../support/compile_library.ts";

const LIBRARY = { file: "libonnxruntime_providers_cuda.so", products: [] };

Deno.test("NVIDIA's products are found with their versions, and missing ones are named", async () => {
  const folder = await Deno.makeTempDir({ prefix: "whence-nvidia-test-" });
  const stub = (name: string, code: string) => compileLibrary(join(folder, name), code);
  // A library that is loaded is found by its soname in every folder.
  const loaded: Deno.DynamicLibrary<Record<string, never>>[] = [];
  try {
    const driver = await stub(
      "libcuda.so.1",
      "int cuDriverGetVersion(int *v) { *v = 12040; return 0; }",
    );
    const runtime = await stub(
      "libcudart.so.13",
      "int cudaRuntimeGetVersion(int *v) { *v = 13010; return 0; }",
    );
    const cudnn = await stub(
      "libcudnn.so.9",
      "unsigned long cudnnGetVersion(void) { return 91002; }",
    );
    const blas = await stub("libcublas.so.13", "int stub;");
    const infer = await stub("libnvinfer.so.8", "int getInferLibVersion(void) { return 8502; }");
    const parser = await stub("libnvonnxparser.so.8", "int stub;");
    for (const path of [driver, runtime, cudnn, infer]) loaded.push(Deno.dlopen(path, {}));
    await compileLibrary(join(folder, LIBRARY.file), "int stub;", [
      ...[driver, runtime, blas, cudnn, infer, parser],
    ]);
    await Deno.remove(blas);
    await Deno.remove(parser);
    await Deno.writeTextFile(join(folder, "libcublas.so.12"), "");
    await Deno.writeTextFile(join(folder, "libcublas.so.12.6.4"), "");

    assert.deepEqual(nvidiaRequirements(join(folder, "libonnxruntime.so.1"), LIBRARY, [folder]), [
      {
        name: "NVIDIA driver",
        needed: ["libcuda.so.1"],
        missing: ["a driver with CUDA 13"],
        found: "with CUDA 12.4",
      },
      {
        name: "CUDA",
        needed: ["libcudart.so.13", "libcublas.so.13"],
        missing: ["libcublas.so.13"],
        found: "13.1, libcublas.so.12",
      },
      { name: "cuDNN", needed: ["libcudnn.so.9"], missing: [], found: "9.10.2" },
      {
        name: "TensorRT",
        needed: ["libnvinfer.so.8", "libnvonnxparser.so.8"],
        missing: ["libnvonnxparser.so.8"],
        found: "8.5.2",
      },
    ]);
    const none = nvidiaRequirements("/nowhere/libonnxruntime.so.1", LIBRARY, [folder]);
    assert.deepEqual(none, []);
  } finally {
    for (const library of loaded) library.close();
    await Deno.remove(folder, { recursive: true });
  }
});
