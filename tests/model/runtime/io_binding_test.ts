import assert from "node:assert/strict";
import { join } from "node:path";
import { Similarity, type SimilarityInputs } from "../../../src/grounding/similarity.ts";
import { ProviderRegistry } from "../../../src/model/provider_registry.ts";
import { cpu } from "../../../src/model/providers/cpu.ts";
import { openRuntime } from "../../../src/model/runtime/runtime.ts";
import type { Runtime, Tensor } from "../../../src/model/runtime/session.ts";
import { runtimeSchemaOf } from "../../../src/model/runtime_schema.ts";
import { GraphBuilder } from "../../../src/onnx/graph_builder.ts";
import { abacus } from "../made_up_provider.ts";
import { openCpu } from "../open_cpu.ts";
import { CountingOrt } from "./counting_ort.ts";

const SHAPE = { channels: 16, heads: 2, gridWidth: 5, gridHeight: 3, classToken: true, steps: 1 };

/** A runtime whose provider claims to have memory of its own; it is the CPU's. */
async function openBound(library = "auto", hasOwnMemory = true): Promise<Runtime> {
  const provider = { ...abacus("CPUExecutionProvider", "CPU", "beads"), hasOwnMemory };
  const registry = new ProviderRegistry(provider, { ...cpu, ortName: "none" });
  const config = runtimeSchemaOf(registry).parse({
    library,
    providers: ["abacus", "cpu"],
    threads: 1,
  });
  return await openRuntime(config, ".", registry);
}

function values(length: number, seed: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => Math.sin(seed * 97 + i * 1.3));
}

/** The inputs of a step in one of three frames. */
function inputsOf(step: number): SimilarityInputs {
  const frame = FRAMES[Math.floor(step / 4) % FRAMES.length];
  return { ...frame, audio: values(16, step), audioClass: values(16, step + 1000) };
}

const MARGIN = new Float32Array(15);
const FRAMES = [1, 2, 3].map((seed) => ({
  image: values(16 * 15, seed),
  imageClass: values(16, -seed),
  margin: MARGIN,
}));

/** `y = a` in another shape: fails for a shape of another size. */
function reshaped(): Uint8Array {
  const graph = new GraphBuilder("reshaped");
  const a = graph.input("a", "float32", ["n"]);
  const shape = graph.input("shape", "int64", [1]);
  graph.output("y", graph.node("Reshape", [a, shape]), "float32", ["m"]);
  return graph.build();
}

Deno.test("bound inputs give the same results, one run after the other and at once", async () => {
  const [plain, bound] = [await openCpu(), await openBound()];
  const [expected, similarity] = [
    await Similarity.load(plain, SHAPE),
    await Similarity.load(bound, SHAPE),
  ];
  const steps = Array.from({ length: 60 }, (_, i) => i);
  const wanted = [];
  for (const step of steps) wanted.push(await expected.compute(inputsOf(step)));
  for (const step of steps) {
    assert.deepEqual(await similarity.compute(inputsOf(step)), wanted[step], `step ${step}`);
  }
  const overlapping = steps.map((step) => similarity.compute(inputsOf(step)));
  assert.deepEqual(await Promise.all(overlapping), wanted);
  await similarity.release();
  await expected.release();
  await bound.close();
  await plain.close();
});

Deno.test("inputs that stay the same are bound once", async () => {
  const folder = await Deno.makeTempDir({ prefix: "whence-binding-" });
  const ort = await CountingOrt.make(join(folder, "libonnxruntime.so"));
  const runtime = await openBound(ort.path);
  const similarity = await Similarity.load(runtime, SHAPE);
  const run = async (steps: readonly number[]) => {
    for (const step of steps) await similarity.compute(inputsOf(step));
    return ort.take();
  };
  // Two inputs belong to the step; picture, its class token and margin to the frame.
  assert.deepEqual(await run([0, 1, 2, 3]), { runs: 0, boundRuns: 4, boundInputs: 5 + 3 * 2 });
  // Two cameras in turn: each keeps its frame. The margin is the same.
  assert.deepEqual(await run([4, 0, 5, 1, 6, 2]), {
    ...{ runs: 0, boundRuns: 6 },
    boundInputs: 5 + 5 * 2,
  });
  // A provider that fails with bindings gets no further ones.
  const known = await similarity.compute(inputsOf(0));
  ort.take();
  ort.refuseBindings();
  assert.deepEqual(await similarity.compute(inputsOf(0)), known);
  assert.deepEqual(await run([1]), { runs: 2, boundRuns: 1, boundInputs: 2 });
  await similarity.release();
  await runtime.close();

  const plain = await openBound(ort.path, false);
  const unbound = await Similarity.load(plain, SHAPE);
  await unbound.compute(inputsOf(0));
  assert.deepEqual(ort.take(), { runs: 1, boundRuns: 0, boundInputs: 0 });
  await unbound.release();
  await plain.close();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a run that fails is reported, and the next one works", async () => {
  const runtime = await openBound();
  const session = await runtime.createSession(reshaped());
  const a = {
    type: "float32",
    dims: [4],
    data: Float32Array.of(1, 2, 3, 4),
    constant: true,
  } as const;
  const to = (size: bigint): Tensor => ({
    type: "int64",
    dims: [1],
    data: BigInt64Array.of(size),
  });
  for (let i = 0; i < 3; i++) {
    assert.deepEqual((await session.run({ a, shape: to(4n) })).y.data, a.data);
    await assert.rejects(
      session.run({ a, shape: to(3n) }),
      /^ModelError: Cannot run a graph built at load: .*Reshape/,
    );
  }
  const runs = [session.run({ a, shape: to(4n) }), session.run({ a, shape: to(4n) })];
  const released = session.release();
  for (const { y } of await Promise.all(runs)) assert.deepEqual(y.dims, [4]);
  await released;
  await runtime.close();
});
