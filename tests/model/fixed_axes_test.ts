import assert from "node:assert/strict";
import { join } from "node:path";
import { loadModel } from "../../src/model/encoders.ts";
import { fixedAxes } from "../../src/model/fixed_axes.ts";
import { ProviderRegistry } from "../../src/model/provider_registry.ts";
import { cpu } from "../../src/model/providers/cpu.ts";
import { openRuntime } from "../../src/model/runtime/runtime.ts";
import { runtimeSchemaOf } from "../../src/model/runtime_schema.ts";
import { GraphBuilder } from "../../src/onnx/graph_builder.ts";
import { abacus, axes } from "./made_up_provider.ts";
import { writeModelFolder } from "./model_folder.ts";

Deno.test("a provider that compiles gets the sizes of a pipeline's inputs, others get none", async () => {
  const folder = await writeModelFolder();
  const frames = Uint8Array.from({ length: 24 }, (_, i) => i);
  const waveform = Float32Array.from({ length: 8 }, (_, i) => i);
  const results: unknown[] = [];
  const open = async (compiles: boolean) => {
    const provider = {
      ...abacus("CPUExecutionProvider", "CPU", "beads"),
      ...(compiles && { compiles: "counting" }),
    };
    const registry = new ProviderRegistry(provider, { ...cpu, ortName: "none" });
    const config = runtimeSchemaOf(registry).parse({ providers: ["abacus", "cpu"], threads: 1 });
    return await openRuntime(config, ".", registry);
  };
  try {
    for (const compiles of [true, false]) {
      const runtime = await open(compiles);
      axes.length = 0;
      const encoders = await loadModel(folder, runtime, { windowSamples: 8 });
      assert.deepEqual(axes, compiles ? [{ n: 1 }, { n: 1, samples: 8 }] : [{}, {}]);
      assert.deepEqual(encoders.audio.inputs[0].dims, compiles ? [1, 8] : [-1, -1]);
      results.push([
        await encoders.encodeImages(frames, 1),
        await encoders.encodeAudio(waveform),
      ]);
      await encoders.release();
      // Tools that encode pieces of any length do not state one.
      const any = await loadModel(folder, runtime);
      assert.deepEqual(any.audio.inputs[0].dims, [-1, -1]);
      await any.release();
      await runtime.close();
    }
    assert.deepEqual(results[0], results[1]);
  } finally {
    await Deno.remove(folder.path, { recursive: true });
  }
});

Deno.test("only named axes of a readable model are fixed", async () => {
  const folder = await Deno.makeTempDir({ prefix: "whence-axes-" });
  const path = join(folder, "m.onnx");
  const of = async (dims: readonly (number | string)[], sizes: readonly number[]) => {
    const graph = new GraphBuilder("m");
    const x = graph.input("x", "float32", dims);
    graph.output("y", graph.node("Neg", [x]), "float32", dims);
    await Deno.writeFile(path, graph.build());
    return fixedAxes(path, sizes);
  };
  try {
    assert.deepEqual(await of(["n", 3], [1, 3]), { n: 1 });
    assert.deepEqual(await of([1, 3], [1, 3]), {});
    assert.deepEqual(await of(["n", "n"], [2, 2]), { n: 2 });
    assert.deepEqual(await of(["n", "n"], [1, 2]), {});
    assert.deepEqual(await of(["n", "m", "k"], [1, 2]), {});
    await Deno.writeTextFile(path, "no model");
    assert.deepEqual(fixedAxes(path, [1]), {});
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
