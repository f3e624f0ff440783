import assert from "node:assert/strict";
import { join } from "node:path";
import { runtimeSchema } from "../../../src/model/runtime_schema.ts";
import { ModelError } from "../../../src/model/manifest.ts";
import { findNodeLibrary } from "../../../src/model/runtime/node_library.ts";
import { openRuntime, probeProviders } from "../../../src/model/runtime/runtime.ts";
import { negate } from "../tiny_models.ts";

const FOLDER = Deno.cwd();
const config = (values: Record<string, unknown>) => runtimeSchema.parse({ threads: 1, ...values });

for (const library of ["auto", "node"]) {
  Deno.test(`library ${library}: a provider runs or is refused in agreement with its probe`, async () => {
    const probe = await probeProviders(config({ library }), FOLDER);
    assert.deepEqual(probe.providers.map(({ provider }) => provider), ["tensorrt", "cuda", "cpu"]);
    assert.match(probe.version, /^1\.\d+/);
    for (const { provider, reason } of probe.providers) {
      const alone = openRuntime(config({ library, providers: [provider] }), FOLDER);
      if (reason === undefined) {
        const runtime = await alone;
        assert.deepEqual(runtime.providers, [provider]);
        await runtime.close();
        continue;
      }
      assert.doesNotMatch(reason, /\n|ONNXRuntimeError/);
      await assert.rejects(alone, (error: Error) => {
        assert.ok(error instanceof ModelError);
        assert.ok(error.message.startsWith(`Cannot run on ${provider}: ${reason}`), error.message);
        return true;
      });
      const runtime = await openRuntime(config({ library, providers: [provider, "cpu"] }), FOLDER);
      assert.deepEqual(runtime.providers, ["cpu"]);
      assert.deepEqual(runtime.refused, [{ provider, reason }]);
      const session = await runtime.createSession(negate());
      assert.equal(session.provider, "cpu");
      await session.release();
      await runtime.close();
    }
  });
}

Deno.test("a library is taken from a path relative to the pipeline's folder", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.symlink(findNodeLibrary(), join(folder, "other-build.so"));
  const runtime = await openRuntime(
    config({ library: "./other-build.so", providers: ["cpu"] }),
    folder,
  );
  assert.equal(runtime.library, join(folder, "other-build.so"));
  const session = await runtime.createSession(negate());
  assert.ok(Object.values(session.nodes).every((count) => count === 1));
  await session.release();
  await runtime.close();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a missing library is an error of one line", async () => {
  const missing = config({ library: "missing.so" });
  for (const call of [openRuntime(missing, FOLDER), probeProviders(missing, FOLDER)]) {
    await assert.rejects(call, (error: Error) => {
      assert.ok(error instanceof ModelError);
      assert.match(error.message, /^Cannot use \/.*missing\.so: no such file$/);
      return true;
    });
  }
});

Deno.test("several runtimes can be open at the same time", async () => {
  const [first, second] = await Promise.all([
    openRuntime(config({}), FOLDER),
    openRuntime(config({ library: "node" }), FOLDER),
  ]);
  const session = await second.createSession(negate());
  await first.close();
  const third = await openRuntime(config({}), FOLDER);
  const x = { type: "float32", dims: [1, 3], data: Float32Array.of(1, 2, 3) } as const;
  assert.deepEqual((await session.run({ x })).y.data, Float32Array.of(-1, -2, -3));
  await session.release();
  await second.close();
  await third.close();
});
