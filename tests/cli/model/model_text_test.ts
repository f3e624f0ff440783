import assert from "node:assert/strict";
import { join } from "node:path";
import { modelBytes } from "../../../src/cli/model/model_list.ts";
import { placementLines, placementText } from "../../../src/cli/model/placement_text.ts";
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

Deno.test("a line per part has the nodes and the share of the time of each provider", () => {
  const operator = (provider: string, nodes: number, time: number) => ({
    ...{ provider, nodes, time },
    operator: "MatMul",
  });
  const parts = [
    {
      part: "image",
      provider: "tensorrt",
      nodes: { tensorrt: 1, cpu: 4 },
      operators: [operator("tensorrt", 1, 4947), operator("cpu", 4, 153)],
    },
    // Before ONNX Runtime 1.24 only a trace tells the nodes; a server tells nothing.
    { part: "audio", provider: "cuda", nodes: {}, operators: [operator("cuda", 9, 800)] },
    { part: "similarity", provider: "oip+http://box:8000", nodes: {} },
    { part: "similarity", provider: "cpu", nodes: { cpu: 8 }, operators: [operator("cpu", 8, 0)] },
  ];
  assert.deepEqual(placementLines({ parts } as unknown as BuildRecord).split("\n"), [
    "image on tensorrt: 1 node, 97 % of 5.10 ms; on cpu: 4 nodes, 3 %",
    "audio on cuda: 100 % of 0.800 ms",
    "similarity on oip+http://box:8000: unknown",
    "similarity on cpu: 8 nodes",
  ]);
});
