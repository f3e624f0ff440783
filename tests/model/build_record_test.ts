import assert from "node:assert/strict";
import { keepBuild, modelKey, readBuilds } from "../../src/model/build_record.ts";
import { writeModelFolder } from "./model_folder.ts";

Deno.test("the newest build for each runtime and window is kept, for the model's own files", async () => {
  const { path, manifest } = await writeModelFolder();
  const cache = Deno.env.get("XDG_CACHE_HOME");
  Deno.env.set("XDG_CACHE_HOME", path);
  try {
    assert.deepEqual(await readBuilds(manifest), []);
    const build = (window: number, at: string, providers = ["cpu"]) => ({
      model: modelKey(manifest),
      version: "1.30.0",
      providers,
      window,
      at,
      steps: { "image load": 1 },
      parts: [{ part: "image", provider: "cpu", nodes: { cpu: 3 } }],
    });
    await keepBuild(manifest, build(2, "1"));
    await keepBuild(manifest, build(1, "2"));
    await keepBuild(manifest, build(2, "3", ["cuda", "cpu"]));
    await keepBuild(manifest, build(2, "4"));
    assert.deepEqual((await readBuilds(manifest)).map(({ at }) => at), ["4", "3", "2"]);
    const image = { ...manifest.image, sha256: "0".repeat(64) };
    assert.deepEqual(await readBuilds({ ...manifest, image }), []);
    await Deno.writeTextFile(`${path}/whence/builds/${manifest.name}.json`, "{ damaged");
    assert.deepEqual(await readBuilds(manifest), []);
  } finally {
    if (cache === undefined) Deno.env.delete("XDG_CACHE_HOME");
    else Deno.env.set("XDG_CACHE_HOME", cache);
    await Deno.remove(path, { recursive: true });
  }
});
