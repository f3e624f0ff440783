import assert from "node:assert/strict";
import { join } from "node:path";
import { ConfigError } from "../../src/config/fault.ts";
import { loadPipeline, loadPipelines } from "../../src/pipeline/load.ts";
import { resolvePath } from "../../src/core/paths.ts";
import { LEAST, withFiles } from "../config/pipeline_file.ts";

Deno.test("a loaded pipeline knows its file, folder and places", async () => {
  await withFiles({ "a.yaml": LEAST + "window:\n  hop: 100ms\n" }, async (folder) => {
    const loaded = await loadPipeline(join(folder, "a.yaml"));
    assert.equal(loaded.folder, folder);
    assert.equal(loaded.config.name, "a");
    assert.deepEqual(loaded.locate(["window", "hop"]), { line: 4, column: 8 });
    assert.deepEqual(loaded.locate(["window", "lookahead"]), { line: 3, column: 1 });
    assert.deepEqual(loaded.locate(["detect", "gate"]), { line: 1, column: 1 });
  });
});

Deno.test("several files show the faults of all, and names that overlap with both places", async () => {
  const files = { "a.yaml": LEAST, "b.yaml": LEAST + "name: a\n", "c.yaml": "model: 1\n" };
  await withFiles(files, async (folder) => {
    const paths = ["a.yaml", "b.yaml", "c.yaml", "d.yaml"].map((name) => join(folder, name));
    await assert.rejects(loadPipelines(paths), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.deepEqual(error.message.replaceAll(`${folder}/`, "").split("\n"), [
        "c.yaml:1:1: source is missing; it must be a mapping",
        "c.yaml:1:8: model must be a string, got 1",
        "d.yaml: cannot be read: no such file",
        'b.yaml:3:7: name must be unique, got "a", the name of a.yaml:1:1 too',
      ]);
      return true;
    });
  });
});

Deno.test("paths start at the file's folder", () => {
  assert.equal(resolvePath("/robot/pipelines", "../clip.mkv"), "/robot/clip.mkv");
  assert.equal(resolvePath("/robot", "/data/clip.mkv"), "/data/clip.mkv");
  assert.equal(resolvePath("/robot", "file:///data/a%20b.mkv"), "/data/a b.mkv");
  assert.equal(resolvePath("/robot", "file:clip.mkv"), "/robot/clip.mkv");
});
