import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ModelError } from "../../src/model/manifest.ts";
import { ProviderRegistry } from "../../src/model/provider_registry.ts";
import { PROVIDERS } from "../../src/model/providers.ts";
import { cpu } from "../../src/model/providers/cpu.ts";
import { cuda } from "../../src/model/providers/cuda.ts";
import { tensorrt } from "../../src/model/providers/tensorrt.ts";
import { openRuntime, probeProviders } from "../../src/model/runtime/runtime.ts";
import { runtimeSchema, runtimeSchemaOf } from "../../src/model/runtime_schema.ts";
import { abacus, hashes, prepared } from "./made_up_provider.ts";
import { negate } from "./tiny_models.ts";

const SRC = fileURLToPath(new URL("../../src", import.meta.url));

Deno.test("a provider from a file of its own runs models under its own name", async () => {
  // Stands on ONNX Runtime's own kernels, which every build has.
  const registry = new ProviderRegistry(
    abacus("CPUExecutionProvider", "CPU", "beads"),
    { ...cpu, ortName: "none" },
  );
  const config = runtimeSchemaOf(registry).parse({
    providers: ["abacus", "cpu"],
    threads: 1,
    abacus: { beads: "7" },
  });
  prepared.length = 0;
  const runtime = await openRuntime(config, ".", registry);
  assert.deepEqual(runtime.providers, ["abacus", "cpu"]);
  const session = await runtime.createSession(negate());
  assert.deepEqual(prepared.at(-1), { beads: "7" });
  assert.match(hashes.at(-1)!, /^[0-9a-f]{64}$/);
  assert.equal(session.provider, "abacus");
  const x = { type: "float32", dims: [1, 3], data: Float32Array.of(1, 2, 3) } as const;
  assert.deepEqual((await session.run({ x })).y.data, Float32Array.of(-1, -2, -3));
  await session.release();
  await runtime.close();
});

Deno.test("its options reach ONNX Runtime, and its probe reports what is wrong", async () => {
  const registry = new ProviderRegistry(
    abacus("WebGpuExecutionProvider", "WebGPU", "dawnBackendType"),
    cpu,
  );
  const config = runtimeSchemaOf(registry).parse({ abacus: { beads: "wooden" } });
  const { providers } = await probeProviders(config, ".", registry);
  assert.deepEqual(providers.map(({ provider }) => provider), ["abacus", "cpu"]);
  // Builds for arm64 have no WebGPU.
  assert.match(
    providers[0].reason!,
    /^Invalid Dawn backend type: wooden$|^libonnxruntime\S+ has only .*; set runtime\.library to a build that has abacus$/,
  );
  await assert.rejects(
    openRuntime({ ...config, providers: ["abacus"] }, ".", registry),
    (error: Error) => {
      assert.ok(error instanceof ModelError);
      assert.ok(error.message.startsWith(`Cannot run on abacus: ${providers[0].reason}`));
      return true;
    },
  );
});

Deno.test("a provider that the library was built without is named", async () => {
  const registry = new ProviderRegistry(abacus("AbacusExecutionProvider", "Abacus", "beads"), cpu);
  const config = runtimeSchemaOf(registry).parse({});
  const runtime = await openRuntime(config, ".", registry);
  assert.deepEqual(runtime.providers, ["cpu"]);
  assert.match(runtime.refused[0].reason, /has only .*cpu; set runtime\.library to a build/);
  await runtime.close();
});

Deno.test("a registry's names and keys make the schema of the runtime block", () => {
  const registry = new ProviderRegistry(abacus("A", "A", "a"), cpu);
  const schema = runtimeSchemaOf(registry);
  assert.deepEqual(schema.parse({}).abacus, { beads: "10" });
  assert.throws(() => schema.parse({ providers: ["cuda"] }), /abacus/);
  assert.throws(() => schema.parse({ fp16: true }), /fp16/);
  assert.throws(() => new ProviderRegistry(cpu, abacus("A", "A", "a")), TypeError);
});

Deno.test("NVIDIA providers translate the runtime block into ONNX Runtime's options", () => {
  const config = (block: object) => runtimeSchema.parse(block) as never;
  assert.deepEqual(cuda.options(config({ device: 1 }), "."), {
    device_id: "1",
    cudnn_conv_algo_search: "HEURISTIC",
  });
  assert.deepEqual(tensorrt.options(config({ cache: "engines" }), "/etc/whence"), {
    device_id: "0",
    trt_fp16_enable: "1",
    trt_layer_norm_fp32_fallback: "1",
    trt_engine_cache_enable: "1",
    trt_engine_cache_path: "/etc/whence/engines",
    trt_timing_cache_enable: "1",
  });
  for (const block of [{ precision: "fp32", fp16: true }, { fp16: false }]) {
    const fp32 = tensorrt.options(config({ ...block, cache: "/c" }), ".");
    assert.equal(fp32.trt_fp16_enable, "0");
    assert.equal(fp32.trt_layer_norm_fp32_fallback, "0");
    assert.equal(fp32.trt_int8_enable, undefined);
  }
  const int8 = tensorrt.options(config({ precision: "int8" }), ".");
  assert.deepEqual([int8.trt_fp16_enable, int8.trt_int8_enable], ["1", "1"]);
  assert.throws(() => config({ precision: "int4" }), /precision/);
});

Deno.test("ONNX Runtime's names have short ones", () => {
  assert.equal(PROVIDERS.nameOf("TensorrtExecutionProvider"), "tensorrt");
  assert.equal(PROVIDERS.nameOf("WebGpuExecutionProvider"), "WebGpuExecutionProvider");
});

Deno.test("only a provider's own file names it", async () => {
  const names = PROVIDERS.accelerators.map(({ name }) => name);
  const quoted = new RegExp(`["'\`](${names.join("|")})["'\`]`);
  for await (const file of sourceFiles(SRC)) {
    if (file.startsWith(join(SRC, "model/providers/"))) continue;
    const line = (await Deno.readTextFile(file)).split("\n").find((text) => quoted.test(text));
    assert.equal(line, undefined, file);
  }
});

async function* sourceFiles(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) yield* sourceFiles(path);
    else if (name.endsWith(".ts")) yield path;
  }
}
