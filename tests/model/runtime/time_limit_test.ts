import assert from "node:assert/strict";
import { join } from "node:path";
import { PROJECT_MODELS } from "../../../src/model/find_model.ts";
import { HungError } from "../../../src/model/hung_error.ts";
import { ModelError } from "../../../src/model/manifest.ts";
import { PROVIDERS } from "../../../src/model/providers.ts";
import { FfiRuntime } from "../../../src/model/runtime/ffi_runtime.ts";
import { findNodeLibrary } from "../../../src/model/runtime/node_library.ts";
import { wantedProviders } from "../../../src/model/runtime/provider_policy.ts";
import { openCpu } from "../open_cpu.ts";
import { matrixPower, negate } from "../tiny_models.ts";

const SIZE = 512;
const x = {
  type: "float32",
  dims: [SIZE, SIZE],
  data: new Float32Array(SIZE * SIZE),
} as const;

Deno.test("a run that exceeds its time limit is an error, and holds up neither release nor close", async () => {
  const runtime = await openCpu();
  const session = await runtime.createSession(matrixPower(SIZE, 60));
  session.limitRuns(1);
  const [first, second] = [session.run({ x }), session.run({ x })];
  await assert.rejects(first, (error: Error) => {
    assert.ok(error instanceof HungError && error instanceof ModelError);
    assert.equal(
      error.message,
      "Cannot run a graph built at load: the call must return within 0.001 s; the device or its driver hangs",
    );
    return true;
  });
  await assert.rejects(second, HungError);
  await assert.rejects(session.run({ x }), HungError);
  await session.release();
  await runtime.close();
  // The runtime's environment stays: a hung call still uses it.
  const other = await openCpu();
  const small = await other.createSession(negate());
  const three = { type: "float32", dims: [1, 3], data: Float32Array.of(1, 2, 3) } as const;
  assert.deepEqual((await small.run({ x: three })).y.data, Float32Array.of(-1, -2, -3));
  await small.release();
  await other.close();
});

Deno.test("a run within its time limit is not disturbed", async () => {
  const runtime = await openCpu();
  const session = await runtime.createSession(matrixPower(SIZE, 10));
  session.limitRuns(600_000);
  assert.equal((await session.run({ x })).y.dims[0], SIZE);
  await session.release();
  await runtime.close();
});

Deno.test("a model that takes too long to load is an error, and does not hold up close", async () => {
  const runtime = await FfiRuntime.open({
    library: findNodeLibrary(),
    wanted: wantedProviders({ providers: ["cpu"] }, PROVIDERS),
    registry: PROVIDERS,
    threads: 1,
    optionsOf: () => ({}),
    loadLimitMs: 1,
  });
  const model = join(PROJECT_MODELS, "denseav-mini", "audio.onnx");
  await assert.rejects(runtime.createSession(model), (error: Error) => {
    assert.ok(error instanceof HungError);
    assert.match(error.message, /^Cannot load \S+audio\.onnx: the call must return within/);
    return true;
  });
  await runtime.close();
});
