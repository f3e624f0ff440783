import assert from "node:assert/strict";
import { join } from "node:path";
import { writeAdaptedModel } from "../../src/learning/adapted_model.ts";
import { keepBuild, modelKey, readBuilds } from "../../src/model/build_record.ts";
import { loadModel } from "../../src/model/encoders.ts";
import { withImageVariant } from "../../src/model/image_variant.ts";
import type { ModelFolder } from "../../src/model/manifest.ts";
import { openRuntime } from "../../src/model/runtime/runtime.ts";
import { runtimeSchema } from "../../src/model/runtime_schema.ts";
import { GraphBuilder } from "../../src/onnx/graph_builder.ts";
import { float32s } from "../../src/onnx/tensor.ts";
import { CHANNELS, writeModelFolder } from "./model_folder.ts";

/** An image encoder that answers 7 everywhere, so that it can be told from the other. */
function sevens(): Uint8Array {
  const graph = new GraphBuilder("sevens");
  const frames = graph.input("frames", "uint8", ["n", 2, 4, 3]);
  const count = graph.node("Shape", [frames], { start: 0, end: 1 });
  const shape = graph.node("Concat", [count, graph.shape([CHANNELS, 1, 2])], { axis: 0 });
  const seven = graph.initializer("seven", float32s(7));
  graph.output(
    "features",
    graph.node("Expand", [seven, shape]),
    "float32",
    ["n", CHANNELS, 1, 2],
  );
  return graph.build();
}

async function withVariant(body: (folder: ModelFolder) => Promise<void>): Promise<void> {
  const folder = await writeModelFolder({ int8: sevens() });
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder.path, { recursive: true });
  }
}

/** What the first image feature of a black picture is. */
async function firstFeature(folder: ModelFolder, runtime: object): Promise<number> {
  const config = runtimeSchema.parse({ providers: ["cpu"], threads: 1, ...runtime });
  const opened = await openRuntime(config, ".");
  const encoders = await loadModel(folder, opened);
  const { features } = await encoders.encodeImages(new Uint8Array(24), 1);
  assert.equal(encoders.manifest.image.file, features[0] === 7 ? "image.int8.onnx" : "image.onnx");
  await encoders.release();
  await opened.close();
  return features[0];
}

for (const library of ["auto", "node"]) {
  Deno.test(`runtime.int8 chooses the image encoder of a model that has two: ${library}`, () =>
    withVariant(async (folder) => {
      assert.equal(await firstFeature(folder, { library, int8: true }), 7);
      assert.equal(await firstFeature(folder, { library, int8: false }), 0);
      assert.equal(await firstFeature(folder, { library }), 0);
    }));
}

Deno.test("a model without an int8 image encoder runs with runtime.int8", async () => {
  const folder = await writeModelFolder();
  assert.equal(await firstFeature(folder, { int8: true }), 0);
  await Deno.remove(folder.path, { recursive: true });
});

Deno.test("a changed image.int8.onnx is refused", () =>
  withVariant(async (folder) => {
    await Deno.writeFile(join(folder.path, "image.int8.onnx"), new Uint8Array(9));
    await assert.rejects(firstFeature(folder, { int8: true }), /image\.int8\.onnx: SHA-256/);
  }));

Deno.test("builds with either image encoder are shown, and kept apart", () =>
  withVariant(async ({ path, manifest }) => {
    const cache = Deno.env.get("XDG_CACHE_HOME");
    Deno.env.set("XDG_CACHE_HOME", path);
    try {
      const build = (prefersInt8: boolean, at: string) => ({
        model: modelKey(withImageVariant({ path, manifest }, { prefersInt8 }).manifest),
        version: "1.30.0",
        providers: ["cpu"],
        window: 2,
        at,
        steps: {},
        parts: [],
      });
      await keepBuild(manifest, build(false, "1"));
      await keepBuild(manifest, build(true, "2"));
      assert.deepEqual((await readBuilds(manifest)).map(({ at }) => at), ["2", "1"]);
    } finally {
      if (cache === undefined) Deno.env.delete("XDG_CACHE_HOME");
      else Deno.env.set("XDG_CACHE_HOME", cache);
    }
  }));

Deno.test("a model that is learned from one with two image encoders has two", () =>
  withVariant(async (base) => {
    const folder = await Deno.makeTempDir({ dir: base.path });
    const identity = (size: number) =>
      Array.from({ length: size * size }, (_, i) => i % (size + 1) === 0 ? 3 : 0);
    const heads = 2;
    const manifest = await writeAdaptedModel(base, {
      format: "whence/adapter/1",
      steps: 1,
      picture: identity(CHANNELS),
      sound: Array(heads).fill(identity(CHANNELS / heads)).flat(),
      heads: [],
    }, { folder, name: "learned", version: 1, learned: 12, heldOut: 4 });
    const learned = { path: folder, manifest };
    const opened = (int8: boolean) =>
      openRuntime(runtimeSchema.parse({ providers: ["cpu"], threads: 1, int8 }), ".");
    for (const [int8, expected] of [[true, 21], [false, 0]] as const) {
      const runtime = await opened(int8);
      const encoders = await loadModel(learned, runtime);
      const { features } = await encoders.encodeImages(new Uint8Array(24), 1);
      assert.equal(features[0], expected);
      await encoders.release();
      await runtime.close();
    }
  }));
