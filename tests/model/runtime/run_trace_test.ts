import assert from "node:assert/strict";
import { cString } from "../../../src/core/c_string.ts";
import { Out } from "../../../src/model/runtime/c_memory.ts";
import { PROVIDERS } from "../../../src/model/providers.ts";
import { FfiSession } from "../../../src/model/runtime/ffi_session.ts";
import { findNodeLibrary } from "../../../src/model/runtime/node_library.ts";
import { loadOrt } from "../../../src/model/runtime/ort_api.ts";
import { SessionOptions } from "../../../src/model/runtime/ort_options.ts";
import { judgePlacement } from "../../../src/model/runtime/placement.ts";
import { RunTrace, type Traced } from "../../../src/model/runtime/run_trace.ts";
import { matrixPower } from "../tiny_models.ts";

Deno.test("the trace of the first run corrects where a session is assumed to run", async () => {
  const ort = loadOrt(findNodeLibrary());
  const out = new Out();
  ort.check(ort.api.CreateEnv(4, cString("trace"), out.cell));
  const env = out.pointer;
  ort.check(ort.api.CreateCpuMemoryInfo(1, 0, out.cell));
  const memoryInfo = out.pointer;
  ort.check(ort.api.GetAllocatorWithDefaultOptions(out.cell));
  const handles = { ort, memoryInfo, allocator: out.pointer };

  const trace = new RunTrace();
  const folder = trace.prefix.replace(/\/[^/]+$/, "");
  const options = new SessionOptions(ort, 1);
  options.profile(trace.prefix);
  const model = matrixPower(8, 5);
  ort.check(
    await ort.api.CreateSessionFromArray(
      env,
      model as Uint8Array<ArrayBuffer>,
      BigInt(model.length),
      options.pointer,
      out.cell,
    ),
  );
  options[Symbol.dispose]();
  const seen: Traced[] = [];
  const session = new FfiSession("a traced model", handles, out.pointer, {
    whereabouts: judgePlacement({}, ["cuda"], "cpu"),
    trace,
    judge: (traced) => {
      seen.push(traced);
      return judgePlacement(traced.nodes, ["cuda"], "cpu", traced.time);
    },
    tracedRuns: 1,
    nameOf: (name) => PROVIDERS.nameOf(name),
    limitMs: 60_000,
    onRelease: () => {},
    onHang: () => {},
  });
  assert.equal(session.provider, "cuda");

  const x = { type: "float32", dims: [8, 8], data: new Float32Array(64) } as const;
  await session.run({ x });
  await session.run({ x });
  assert.equal(seen.length, 1);
  assert.deepEqual(seen[0].nodes, { cpu: 5 });
  assert.deepEqual(
    seen[0].operators.map(({ provider, operator, nodes }) => [provider, operator, nodes]),
    [
      ["cpu", "MatMul", 5],
    ],
  );
  assert.equal(session.provider, "cpu");
  assert.equal(session.refused[0].provider, "cuda");
  await assert.rejects(Deno.stat(folder), Deno.errors.NotFound);

  await session.release();
  ort.api.ReleaseMemoryInfo(memoryInfo);
  ort.api.ReleaseEnv(env);
});

Deno.test("a trace without a run leaves no file", () => {
  const trace = new RunTrace();
  trace.discard();
  trace.discard();
  assert.throws(() => Deno.statSync(trace.prefix.replace(/\/[^/]+$/, "")), Deno.errors.NotFound);
});
