import assert from "node:assert/strict";
import { ModelError } from "../../../src/model/manifest.ts";
import type { Tensor } from "../../../src/model/runtime/session.ts";
import { openCpu } from "../open_cpu.ts";
import { everyType, halfPrecision, matrixPower, negate, reshape } from "../tiny_models.ts";

function floats(dims: readonly number[], data: Float32Array): Tensor {
  return { type: "float32", dims, data };
}

Deno.test("an axis that is fixed at load takes no other size, and computes the same", async () => {
  const runtime = await openCpu();
  const free = await runtime.createSession(negate());
  const fixed = await runtime.createSession(negate(), undefined, { n: 2, unknown: 7 });
  assert.deepEqual(fixed.inputs, [{ name: "x", type: "float32", dims: [2, 3] }]);
  assert.deepEqual(fixed.outputs, [{ name: "y", type: "float32", dims: [2, 3] }]);
  const x = floats([2, 3], Float32Array.of(1, 2, 3, 4, 5, 6));
  assert.deepEqual(await fixed.run({ x }), await free.run({ x }));
  await assert.rejects(
    fixed.run({ x: floats([1, 3], new Float32Array(3)) }),
    /input x must be \[2, 3\], got \[1, 3\]$/,
  );
  await Promise.all([free.release(), fixed.release()]);
  await runtime.close();
});

for (const library of ["auto", "node"]) {
  Deno.test(`a session of library ${library}`, async (t) => {
    const runtime = await openCpu(library);
    assert.match(runtime.version, /^1\.\d+\.\d+$/);
    const session = await runtime.createSession(negate());

    await t.step("states its inputs, outputs and provider", () => {
      assert.deepEqual(session.inputs, [{ name: "x", type: "float32", dims: [-1, 3] }]);
      assert.deepEqual(session.outputs, [{ name: "y", type: "float32", dims: [-1, 3] }]);
      assert.equal(session.provider, "cpu");
      assert.deepEqual(session.refused, []);
    });

    await t.step("computes", async () => {
      const { y } = await session.run({ x: floats([2, 3], Float32Array.of(1, 2, 3, 4, 5, 6)) });
      assert.deepEqual(y, {
        type: "float32",
        dims: [2, 3],
        data: Float32Array.of(-1, -2, -3, -4, -5, -6),
      });
    });

    await t.step("accepts a view of shared memory", async () => {
      const shared = new Float32Array(new SharedArrayBuffer(32)).fill(9);
      shared.set([1, 2, 3], 4);
      const { y } = await session.run({ x: floats([1, 3], shared.subarray(4, 7)) });
      assert.deepEqual(y.data, Float32Array.of(-1, -2, -3));
    });

    await t.step("returns results that later runs do not change", async () => {
      const first = await session.run({ x: floats([1, 3], Float32Array.of(1, 1, 1)) });
      await session.run({ x: floats([1, 3], Float32Array.of(2, 2, 2)) });
      assert.deepEqual(first.y.data, Float32Array.of(-1, -1, -1));
    });

    await t.step("keeps overlapping runs separate", async () => {
      const runs = Array.from({ length: 200 }, (_, i) => {
        const data = new Float32Array(3 * (1 + i % 7)).fill(i);
        return session.run({ x: floats([1 + i % 7, 3], data) });
      });
      for (const [i, { y }] of (await Promise.all(runs)).entries()) {
        assert.deepEqual(y.dims, [1 + i % 7, 3]);
        assert.ok((y.data as Float32Array).every((value) => value === -i));
      }
    });

    await t.step("refuses inputs that do not fit, in one line", async () => {
      const good = new Float32Array(3);
      const faults: [Record<string, Tensor>, RegExp][] = [
        [{}, /input x must be given$/],
        [{ x: floats([1, 3], good), z: floats([1], good) }, /inputs must be x, got z$/],
        [{ x: { type: "uint8", dims: [1, 3], data: new Uint8Array(3) } }, /float32, got uint8$/],
        [{ x: { type: "float32", dims: [1, 3], data: new Uint8Array(3) } }, /got Uint8Array$/],
        [{ x: floats([3], good) }, /input x must be \[\?, 3\], got \[3\]$/],
        [{ x: floats([1, 4], new Float32Array(4)) }, /must be \[\?, 3\], got \[1, 4\]$/],
        [{ x: floats([2, 3], good) }, /of \[2, 3\] must hold 6 values, got 3$/],
      ];
      for (const [feeds, message] of faults) {
        await assert.rejects(session.run(feeds), (error: Error) => {
          assert.ok(error instanceof ModelError);
          assert.match(error.message, message);
          assert.doesNotMatch(error.message, /\n/);
          return true;
        });
      }
    });

    await t.step("passes every element type and a scalar", async () => {
      const types = await runtime.createSession(everyType());
      const results = await types.run({
        bytes: { type: "uint8", dims: [4], data: Uint8Array.of(0, 1, 128, 255) },
        numbers: { type: "int64", dims: [2], data: BigInt64Array.of(-1n, 2n ** 62n) },
      });
      assert.deepEqual(results.bytes_out.data, Uint8Array.of(0, 1, 128, 255));
      assert.deepEqual(results.numbers_out.data, BigInt64Array.of(1n, -(2n ** 62n)));
      assert.deepEqual(results.count, { type: "int64", dims: [], data: BigInt64Array.of(4n) });
      await types.release();
    });

    await t.step("reports failures inside the graph", async () => {
      const graph = await runtime.createSession(reshape());
      const run = graph.run({ x: floats([5], new Float32Array(5)) });
      await assert.rejects(run, (error: Error) => {
        assert.ok(error instanceof ModelError);
        assert.match(error.message, /^Cannot run a graph built at load: .*Reshape/);
        assert.doesNotMatch(error.message, /\n|ONNXRuntimeError|\.cc:/);
        return true;
      });
      await graph.release();
    });

    await t.step("refuses a corrupt model and unsupported element types", async () => {
      const truncated = negate().subarray(0, 40);
      for (const bytes of [truncated, new Uint8Array(0), new Uint8Array(1000).fill(7)]) {
        await assert.rejects(runtime.createSession(bytes), (error: Error) => {
          assert.ok(error instanceof ModelError);
          assert.match(error.message, /^Cannot load a graph built at load: \S/);
          return true;
        });
      }
      await assert.rejects(
        runtime.createSession("missing.onnx"),
        /^ModelError: Cannot load missing\.onnx: /,
      );
      await assert.rejects(
        runtime.createSession(halfPrecision()),
        /input x must be a tensor of uint8/,
      );
    });

    await t.step("is released after its runs", async () => {
      await assert.rejects(runtime.close(), /sessions must be released first, got 1 open$/);
      const run = session.run({ x: floats([1, 3], Float32Array.of(1, 2, 3)) });
      const released = session.release();
      await assert.rejects(
        session.run({ x: floats([1, 3], new Float32Array(3)) }),
        /it has been released$/,
      );
      assert.deepEqual((await run).y.data, Float32Array.of(-1, -2, -3));
      await Promise.all([released, session.release()]);
    });

    await runtime.close();
    await runtime.close();
    await assert.rejects(runtime.createSession(negate()), /the runtime has been closed$/);
  });
}

Deno.test("a run over the C API leaves the event loop free", async () => {
  const runtime = await openCpu();
  const size = 512;
  const session = await runtime.createSession(matrixPower(size, 40));
  let done = false;
  const run = session.run({ x: floats([size, size], new Float32Array(size * size)) })
    .finally(() => done = true);
  let turns = 0;
  while (!done) {
    await new Promise((resolve) => setTimeout(resolve));
    turns++;
  }
  await run;
  assert.ok(turns > 5, `the event loop turned ${turns} times`);
  await session.release();
  await runtime.close();
});
