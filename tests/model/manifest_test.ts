import assert from "node:assert/strict";
import { join } from "node:path";
import { loadManifest, ModelError } from "../../src/model/manifest.ts";
import { writeModelFolder } from "./model_folder.ts";

Deno.test("a manifest is read with its defaults", async () => {
  const { path, manifest } = await writeModelFolder();
  assert.deepEqual(manifest.external_data, []);
  assert.deepEqual(manifest.heads, [
    { kind: "sound", verified: true },
    { kind: "speech", verified: true },
  ]);
  await Deno.remove(path, { recursive: true });
});

const FAULTS: Record<string, [edit: (text: string) => string, message: RegExp]> = {
  "an unknown key": [(text) => text.replace('"license"', '"licence"'), /licence/],
  "another format": [(text) => text.replace("whence/model/1", "whence/model/2"), /format: /],
  "a file outside the folder": [
    (text) => text.replace("image.onnx", "../image.onnx"),
    /image\.file/,
  ],
  "no checksum": [(text) => text.replace(/"sha256":"[^"]+"/, '"sha256":"none"'), /sha256: .*64/],
  "heads that do not share the channels": [
    (text) => text.replace('"channels":4', '"channels":5'),
    /channels: .*multiple/,
  ],
  "no YAML": [() => "a: [", /model\.yaml: \S/],
};

for (const [what, [edit, message]] of Object.entries(FAULTS)) {
  Deno.test(`a manifest is refused in one line: ${what}`, async () => {
    const { path } = await writeModelFolder();
    const file = join(path, "model.yaml");
    await Deno.writeTextFile(file, edit(await Deno.readTextFile(file)));
    await assert.rejects(loadManifest(path), (error: Error) => {
      assert.ok(error instanceof ModelError);
      assert.ok(error.message.startsWith(`Cannot load the model: ${file}: `), error.message);
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });
    await Deno.remove(path, { recursive: true });
  });
}

Deno.test("a folder without a manifest is refused", async () => {
  await assert.rejects(
    loadManifest("nowhere"),
    /nowhere\/model\.yaml must be a readable file \(no such file\)$/,
  );
});
