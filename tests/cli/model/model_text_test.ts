import assert from "node:assert/strict";
import { join } from "node:path";
import { modelBytes } from "../../../src/cli/model/model_list.ts";
import { placementText } from "../../../src/cli/model/placement_text.ts";
import type { BuildRecord } from "../../../src/model/build_record.ts";
import type { Manifest } from "../../../src/model/manifest.ts";

Deno.test("the size of a model is that of all its files, also of its labels", async () => {
  const folder = await Deno.makeTempDir({ prefix: "whence-model-" });
  try {
    const sizes = { "image.onnx": 3, "audio.onnx": 5, "image.data": 7, "labels.json": 11 };
    for (const [file, size] of Object.entries(sizes)) {
      await Deno.writeFile(join(folder, file), new Uint8Array(size));
    }
    const manifest = {
      image: { file: "image.onnx" },
      audio: { file: "audio.onnx" },
      external_data: [{ file: "image.data" }, { file: "missing.data" }],
      labels: { file: "labels.json" },
    } as unknown as Manifest;
    assert.equal(await modelBytes(folder, manifest), 26);
    assert.equal(await modelBytes(folder, { ...manifest, labels: undefined }), 15);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a part whose operators took no measurable time has no shares", () => {
  const part = (time: number) => ({
    part: "similarity",
    provider: "cpu",
    nodes: { cpu: 1 },
    operators: [{ provider: "cpu", operator: "MatMul", nodes: 1, time }],
  });
  const text = (time: number) => placementText({ parts: [part(time)] } as unknown as BuildRecord);
  assert.match(text(20), /MatMul 100 %$/);
  assert.match(text(0), /MatMul$/);
});
