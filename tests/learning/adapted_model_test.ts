import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { isLearnedFrom, writeAdaptedModel } from "../../src/learning/adapted_model.ts";
import type { Adapter } from "../../src/learning/adapter.ts";
import { checkAdaptedModel } from "../../src/learning/check_adapted_model.ts";
import { loadModel } from "../../src/model/encoders.ts";
import { loadManifest } from "../../src/model/manifest.ts";
import { writeColorModel } from "../cli/color_model.ts";
import { openCpu } from "../model/open_cpu.ts";

/** Maps of the color model's 6 channels and 2 heads that double its features. */
const DOUBLING: Adapter = {
  format: "whence/adapter/1",
  steps: 1,
  picture: Array.from({ length: 36 }, (_, i) => i % 7 === 0 ? 2 : 0),
  sound: Array.from({ length: 18 }, (_, i) => i % 9 % 4 === 0 ? 2 : 0),
  heads: [],
};

Deno.test("a model learned from one with labels can be loaded, and has no labels of its own", async () => {
  const folder = await Deno.makeTempDir({ prefix: "whence-adapted-" });
  try {
    const path = await writeColorModel(folder);
    const labels = JSON.stringify({ format: "whence/labels/1", audio: "", kinds: [] });
    await Deno.writeTextFile(join(path, "labels.json"), labels);
    const sha256 = createHash("sha256").update(labels).digest("hex");
    await Deno.writeTextFile(
      join(path, "model.yaml"),
      `labels: { file: labels.json, sha256: "${sha256}" }\n`,
      { append: true },
    );
    const base = await loadManifest(path);
    assert.ok(base.manifest.labels);
    const out = join(folder, "learned");
    await Deno.mkdir(out);
    await writeAdaptedModel(base, DOUBLING, {
      folder: out,
      name: "learned",
      version: 1,
      learned: 12,
      heldOut: 4,
    });
    const written = await loadManifest(out);
    assert.equal(written.manifest.labels, undefined);
    const runtime = await openCpu();
    const [before, after] = [await loadModel(base, runtime), await loadModel(written, runtime)];
    await checkAdaptedModel(before, after, DOUBLING);
    await before.release();
    await after.release();
    await runtime.close();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a model counts as learned from its base, and not from its base's base or a like name", () => {
  const source =
    "learned from 30 recordings, from a.b@2; learned from 20 recordings, from c@1; made";
  const named = (name: string, version: number) => ({ name, version });
  assert.ok(isLearnedFrom(source, named("a.b", 2)));
  assert.ok(!isLearnedFrom(source, named("c", 1)));
  assert.ok(!isLearnedFrom(source, named("a.b", 1)));
  assert.ok(!isLearnedFrom(source.replace("a.b", "aXb"), named("a.b", 2)));
  assert.ok(!isLearnedFrom(`copied; ${source}`, named("a.b", 2)));
});
