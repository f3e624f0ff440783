import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { findModel } from "../../../src/model/find_model.ts";
import { inFolder } from "../../importer/temporary_folder.ts";
import { audioGraph, writeModelFolder } from "../../model/model_folder.ts";
import { whence } from "../whence.ts";

const IMAGE_CONFIG = `name: "denseav-mini-image"
backend: "onnxruntime"
max_batch_size: 16
input [
  {
    name: "frames"
    data_type: TYPE_UINT8
    dims: [ 448, 448, 3 ]
  }
]
output [
  {
    name: "features"
    data_type: TYPE_FP32
    dims: [ -1, 28, 28 ]
  }
]
dynamic_batching {
  max_queue_delay_microseconds: 5000
}
optimization {
  execution_accelerators {
    gpu_execution_accelerator: [
      {
        name: "tensorrt"
        parameters { key: "precision_mode" value: "FP16" }
        parameters { key: "max_workspace_size_bytes" value: "1073741824" }
      }
    ]
  }
}
`;

Deno.test("model export-repository writes configurations and graphs, and overwrites nothing", async () => {
  await inFolder(async (output) => {
    const args = ["model", "export-repository", "denseav-mini", "--output", output];
    const { code, stdout, stderr } = await whence([
      ...args,
      ...["--max-batch", "16", "--max-delay", "5ms", "--tensorrt", "fp16"],
    ]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^denseav-mini-image, version \d+: batches up to 16$/m);
    assert.match(stdout, /^tritonserver --model-repository=/m);
    const config = (part: string) =>
      Deno.readTextFile(join(output, `denseav-mini-${part}`, "config.pbtxt"));
    assert.equal(await config("image"), IMAGE_CONFIG);
    const audio = await config("audio");
    assert.match(audio, /name: "waveform"\s+data_type: TYPE_FP32\s+dims: \[ -1 \]/);
    assert.match(audio, /name: "presence"/);
    const { manifest } = await findModel("denseav-mini", ".");
    for (const part of ["image", "audio"] as const) {
      const graph = join(
        output,
        `denseav-mini-${part}`,
        String(manifest.version),
        "model.onnx",
      );
      const hash = createHash("sha256").update(await Deno.readFile(graph)).digest("hex");
      assert.equal(hash, manifest[part].sha256);
    }
    const again = await whence(args);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /^Cannot export to .*denseav-mini-image: it must not exist/);
  });
});

Deno.test("a graph with a fixed batch size gets no batching", async () => {
  const folder = await writeModelFolder({ audio: audioGraph({ samples: 8 }), minSamples: 8 });
  try {
    const output = join(folder.path, "repository");
    const { code, stdout, stderr } = await whence(
      ["model", "export-repository", folder.path, "--output", output],
    );
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^few-nodes-audio, version 1: no batches: its batch size is fixed$/m);
    const config = await Deno.readTextFile(join(output, "few-nodes-audio/config.pbtxt"));
    assert.match(config, /max_batch_size: 0\n/);
    assert.match(config, /dims: \[ 1, 8 \]/);
    assert.doesNotMatch(config, /dynamic_batching|optimization/);
  } finally {
    await Deno.remove(folder.path, { recursive: true });
  }
});
