import assert from "node:assert/strict";
import { join } from "node:path";
import { ReloadedPipeline } from "../../../src/cli/run/reloaded_pipeline.ts";
import { TunedPipeline } from "../../../src/cli/view/tuned_pipeline.ts";
import { composePipeline } from "../../../src/pipeline/compose.ts";
import { EnginePool } from "../../../src/pipeline/engine_pool.ts";
import { loadPipeline } from "../../../src/pipeline/load.ts";
import { withFiles } from "../../config/pipeline_file.ts";

const yaml = (on: number) =>
  `source: { video: "test://ball", audio: "test://sine" }
model: denseav-mini
detect: { sound: { on: ${on} } }
publish: { jsonl: events.jsonl }
`;

Deno.test("the page resets to, and compares with, the pipeline file as it was read last", async () => {
  await withFiles({ "front.yaml": yaml(0.9) }, async (folder) => {
    const file = join(folder, "front.yaml");
    const loaded = await loadPipeline(file);
    const pipeline = composePipeline(loaded.config, { folder, log: () => {} });
    const tuned = new TunedPipeline(pipeline, loaded, true);
    const engines = new EnginePool();
    const reloaded = new ReloadedPipeline(pipeline, loaded, { overrides: [], engines });

    await Deno.writeTextFile(file, yaml(0.8));
    await reloaded.reload();
    assert.equal(pipeline.detect.sound.on, 0.8);
    assert.equal(tuned.yaml().text, "", "nothing to save");
    assert.equal(tuned.tune({ sound: { on: 0.7 } }), undefined);
    tuned.reset();
    assert.equal(pipeline.detect.sound.on, 0.8);

    assert.equal(tuned.tune({ sound: { on: 0.6 } }), undefined);
    assert.equal(await tuned.save(), undefined);
    assert.match(await Deno.readTextFile(file), /on: 0\.6\b/);
    assert.equal(tuned.tune({ sound: { on: 0.55 } }), undefined);
    tuned.reset();
    assert.equal(pipeline.detect.sound.on, 0.6);
  });
});

Deno.test("a zone that a sink names is not removed or renamed: the file would not be valid", async () => {
  const publish = "publish: { jsonl: { path: events.jsonl, zones: [sofa] } }\n";
  const corners = "[[0, 0], [1, 0], [1, 1]]";
  const text = yaml(0.9).replace(/publish.*\n/, publish)
    .replace("on: 0.9 }", `on: 0.9 }, zones: { sofa: ${corners}, door: ${corners} }`);
  await withFiles({ "front.yaml": text }, async (folder) => {
    const loaded = await loadPipeline(join(folder, "front.yaml"));
    const pipeline = composePipeline(loaded.config, { folder, log: () => {} });
    const tuned = new TunedPipeline(pipeline, loaded, true);
    const moved = [[0, 0], [1, 0], [1, 0.5]];
    assert.match(
      tuned.tune({ zones: { sofa: null, bed: moved } })!,
      /^Cannot remove zone sofa: publish\.jsonl\.zones names it$/,
    );
    assert.deepEqual(Object.keys(pipeline.detect.zones), ["sofa", "door"]);
    assert.equal(tuned.tune({ zones: { sofa: moved, door: null } }), undefined);
    assert.equal(await tuned.save(), undefined);
    const { config } = await loadPipeline(join(folder, "front.yaml"));
    assert.deepEqual(config.detect.zones, { sofa: moved });
  });
});
