import assert from "node:assert/strict";
import { join } from "node:path";
import { findModel, listModels } from "../../src/model/find_model.ts";
import { ModelError } from "../../src/model/manifest.ts";
import { writeModelFolder } from "./model_folder.ts";

Deno.test("a model is found by name or by path", async (t) => {
  const root = await Deno.makeTempDir();
  const { path: made } = await writeModelFolder();
  const models = join(root, "models");
  const pipelines = join(root, "pipelines");
  for (const folder of [models, pipelines, join(models, "empty")]) await Deno.mkdir(folder);
  await Deno.rename(made, join(models, "barn"));
  await Deno.writeTextFile(join(models, "notes.txt"), "no model");

  await t.step("by the name of its folder under models", async () => {
    const found = await findModel("barn", pipelines, models);
    assert.equal(found.path, join(models, "barn"));
    assert.equal(found.manifest.name, "few-nodes");
  });
  await t.step("by a path from the pipeline's folder", async () => {
    assert.equal((await findModel("../models/barn", pipelines)).path, join(models, "barn"));
    assert.equal((await findModel("models/barn", root)).path, join(models, "barn"));
  });
  await t.step("by an absolute path", async () => {
    assert.equal((await findModel(join(models, "barn"), "/")).path, join(models, "barn"));
  });
  await t.step("or else the available models are listed", async () => {
    assert.deepEqual(await listModels(models), ["barn"]);
    await assert.rejects(findModel("bar", pipelines, models), (error: Error) => {
      assert.ok(error instanceof ModelError);
      assert.equal(
        error.message,
        `Cannot find model bar: it must be one of ${models} (barn) or a folder with a model.yaml`,
      );
      return true;
    });
    await assert.rejects(findModel("bar", root, join(root, "nowhere")), /\(none\)/);
    await assert.rejects(findModel("./barn", pipelines, models), ModelError);
  });
  await t.step("the project's own models are found by default", async () => {
    assert.ok((await listModels()).includes("denseav-mini"));
  });
  await Deno.remove(root, { recursive: true });
});
