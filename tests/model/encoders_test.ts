import assert from "node:assert/strict";
import { join } from "node:path";
import { loadModel } from "../../src/model/encoders.ts";
import { findModel } from "../../src/model/find_model.ts";
import { ModelError } from "../../src/model/manifest.ts";
import type { Runtime } from "../../src/model/runtime/session.ts";
import { audioGraph, type Bends, imageGraph, writeModelFolder } from "./model_folder.ts";
import { windowSamples } from "../../src/model/window_samples.ts";
import { openCpu } from "./open_cpu.ts";

async function withModel(
  bends: Bends,
  body: (runtime: Runtime, folder: Awaited<ReturnType<typeof writeModelFolder>>) => Promise<void>,
): Promise<void> {
  const folder = await writeModelFolder(bends);
  const runtime = await openCpu();
  try {
    await body(runtime, folder);
    await runtime.close();
  } finally {
    await Deno.remove(folder.path, { recursive: true });
  }
}

/** A 2 × 4 image: the left half of one brightness, the right half of another. */
function halves(left: number, right: number): number[] {
  const row = [left, left, right, right].flatMap((value) => [value, value, value]);
  return [...row, ...row];
}

Deno.test("encoders return the features of each image and each window", () =>
  withModel({}, async (runtime, folder) => {
    const encoders = await loadModel(folder, runtime);
    const frames = Uint8Array.from([...halves(0, 255), ...halves(7, 9)]);
    const image = await encoders.encodeImages(frames, 2);
    assert.deepEqual(image.dims, [2, 4, 1, 2]);
    assert.deepEqual(
      image.features,
      Float32Array.from([0, 255, 0, 255, 0, 255, 0, 255, 7, 9, 7, 9, 7, 9, 7, 9]),
    );
    assert.equal(image.cls, undefined);

    const audio = await encoders.encodeAudio(Float32Array.from({ length: 16 }, (_, i) => i), 2);
    assert.deepEqual(audio.dims, [2, 4, 2]);
    assert.deepEqual(
      audio.features,
      Float32Array.of(0, 4, 1, 5, 2, 6, 3, 7, 8, 12, 9, 13, 10, 14, 11, 15),
    );
    assert.equal(audio.cls, undefined);
    await encoders.release();
  }));

Deno.test("encoders return class tokens if the manifest has them", () =>
  withModel({ classToken: true }, async (runtime, folder) => {
    const encoders = await loadModel(folder, runtime);
    const image = await encoders.encodeImages(Uint8Array.from(halves(10, 20)), 1);
    assert.deepEqual(image.cls, new Float32Array(4).fill(15));
    const audio = await encoders.encodeAudio(Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7));
    assert.deepEqual(audio.cls, Float32Array.of(2, 3, 4, 5));
    await encoders.release();
  }));

Deno.test("encoders return the presence of each head if the model has that output", () =>
  withModel({ audio: audioGraph({ presenceHeads: 2 }) }, async (runtime, folder) => {
    const encoders = await loadModel(folder, runtime);
    assert.ok(encoders.givesPresence);
    const { presence } = await encoders.encodeAudio(Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7));
    const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
    // [1, 2 heads, 2 steps]
    const expected = [0, 4, 1, 5].map(sigmoid);
    assert.equal(presence?.length, 4);
    presence.forEach((value, i) => assert.ok(Math.abs(value - expected[i]) < 1e-6));
    await encoders.release();
  }));

Deno.test("a model without that output returns no presence", () =>
  withModel({}, async (runtime, folder) => {
    const encoders = await loadModel(folder, runtime);
    assert.equal(encoders.givesPresence, false);
    assert.equal((await encoders.encodeAudio(new Float32Array(8))).presence, undefined);
    await encoders.release();
  }));

Deno.test("encoders refuse missing bytes and short windows", () =>
  withModel({ minSamples: 8 }, async (runtime, folder) => {
    const encoders = await loadModel(folder, runtime);
    await assert.rejects(
      encoders.encodeImages(new Uint8Array(23), 1),
      /input frames of \[1, 2, 4, 3\] must hold 24 values, got 23$/,
    );
    await assert.rejects(
      encoders.encodeAudio(new Float32Array(4)),
      /audio\.onnx: a window must be at least 8 samples, got 4$/,
    );
    await encoders.release();
  }));

Deno.test("a model may be fixed to one window of one length", () =>
  withModel({ audio: audioGraph({ samples: 8 }), minSamples: 8 }, async (runtime, folder) => {
    const encoders = await loadModel(folder, runtime);
    assert.deepEqual((await encoders.encodeAudio(new Float32Array(8))).dims, [1, 4, 2]);
    await assert.rejects(
      encoders.encodeAudio(new Float32Array(12)),
      /input waveform must be \[1, 8\], got \[1, 12\]$/,
    );
    await encoders.release();
  }));

const FAULTS: Record<string, [bends: Bends, message: RegExp]> = {
  "an input of another name": [
    { image: imageGraph({ input: "pixels" }) },
    /image\.onnx: its only input must be frames, got pixels/,
  ],
  "an output of another name": [
    { image: imageGraph({ output: "patches" }) },
    /image\.onnx: it must have an output features, got patches$/,
  ],
  "an image of another size": [
    { image: imageGraph({ rows: 4 }) },
    /input frames must be \[\?, 2, 4, 3\] as in model\.yaml, got \[\?, 4, 4, 3\]$/,
  ],
  "another grid": [
    { grid: [2, 2] },
    /output features must be \[\?, 4, 2, 2\] as in model\.yaml, got \[\?, 4, 1, 2\]$/,
  ],
  "an input of another type": [
    { audio: imageGraph({ input: "waveform" }) },
    /audio\.onnx: input waveform must be float32, got uint8$/,
  ],
  "a missing class token": [
    { classToken: true, audio: audioGraph() },
    /audio\.onnx: it must have an output cls, got features$/,
  ],
  "a number of channels that only a run shows": [
    { audio: audioGraph({ channels: 8, declared: "C" }), minSamples: 8 },
    /audio\.onnx: output features must be \[\S+, 4, \?\] as in model\.yaml, got \[\S+, 8, \S+\]$/,
  ],
  "presence of more heads than there are": [
    { audio: audioGraph({ presenceHeads: 3 }) },
    /audio\.onnx: output presence must be \[\?, 2, \?\] as in model\.yaml, got \[\?, 3, \?\]$/,
  ],
  "a feature rate that is too high": [
    { featureRate: 8000 },
    /model\.yaml: audio\.feature_rate must be that of the graph, got 8000: /,
  ],
  "a feature rate that is too low": [
    { featureRate: 2000 },
    /model\.yaml: audio\.feature_rate must be that of the graph, got 2000: /,
  ],
  "a first feature that is too late": [
    { firstFeature: 0.01 },
    /model\.yaml: .*first_feature must be those of the graph, got 4000 and 0\.01: 1 features/,
  ],
  "a file that is not an ONNX model": [
    { audio: new TextEncoder().encode("<html>not found</html>") },
    /^Cannot load \S+audio\.onnx: /,
  ],
};

for (const [what, [bends, message]] of Object.entries(FAULTS)) {
  Deno.test(`a model is refused in one line: ${what}`, () =>
    withModel(bends, async (runtime, folder) => {
      await assert.rejects(loadModel(folder, runtime), (error: Error) => {
        assert.ok(error instanceof ModelError);
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /\n/);
        return true;
      });
    }));
}

Deno.test("a model with a changed or missing file is refused", () =>
  withModel({}, async (runtime, folder) => {
    const audio = join(folder.path, "audio.onnx");
    const bytes = await Deno.readFile(audio);
    bytes[bytes.length - 1] ^= 1;
    await Deno.writeFile(audio, bytes);
    await assert.rejects(
      loadModel(folder, runtime),
      /audio\.onnx: SHA-256 must be [0-9a-f]{64} as in model\.yaml, got [0-9a-f]{64}$/,
    );
    await Deno.remove(audio);
    await assert.rejects(
      loadModel(folder, runtime),
      /audio\.onnx must be a readable file \(no such file\)$/,
    );
  }));

Deno.test("a model whose file is a pipe, a device or a folder is refused at once", () =>
  withModel({}, async (runtime, folder) => {
    const audio = join(folder.path, "audio.onnx");
    const makers: [make: () => Promise<unknown>, message: RegExp][] = [
      [() => new Deno.Command("mkfifo", { args: [audio] }).output(), /\(it is a named pipe\)$/],
      [() => Deno.symlink("/dev/zero", audio), /\(it is a device\)$/],
      [() => Deno.mkdir(audio), /\(it is a folder\)$/],
    ];
    for (const [make, message] of makers) {
      await Deno.remove(audio);
      await make();
      await assert.rejects(loadModel(folder, runtime), message);
      await assert.rejects(runtime.createSession(audio), /^ModelError: Cannot load .*: it is a /);
    }
  }));

Deno.test("denseav-mini's feature times are checked against its graph", async () => {
  const { path, manifest } = await findModel("denseav-mini", Deno.cwd());
  const runtime = await openCpu();
  const { audio } = manifest;
  const wrong = [
    { feature_rate: audio.feature_rate * 1.05 },
    { feature_rate: audio.feature_rate * 0.96 },
    { first_feature: audio.first_feature + 0.08 },
  ];
  for (const edit of wrong) {
    const folder = { path, manifest: { ...manifest, audio: { ...audio, ...edit } } };
    const options = { windowSamples: windowSamples(folder.manifest.audio, 2) };
    await assert.rejects(loadModel(folder, runtime, options), /of the graph, got/);
  }
  await runtime.close();
});

Deno.test("denseav-mini matches its manifest", async () => {
  const folder = await findModel("denseav-mini", Deno.cwd());
  const { manifest } = folder;
  const runtime = await openCpu();
  const encoders = await loadModel(folder, runtime, { windowSamples: 32_000 });
  const { image, audio, channels } = manifest;
  const pictures = await encoders.encodeImages(
    new Uint8Array(2 * image.width * image.height * 3),
    2,
  );
  assert.deepEqual(pictures.dims, [2, channels, image.grid.height, image.grid.width]);
  const short = await encoders.encodeAudio(new Float32Array(32_000));
  const long = await encoders.encodeAudio(new Float32Array(64_000));
  const rate = (long.dims[2] - short.dims[2]) / 2;
  assert.ok(Math.abs(rate - audio.feature_rate) <= 0.5, `${rate} features a second`);
  await encoders.release();
  await runtime.close();
});
