import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { runtimeSchema } from "../../src/model/runtime_schema.ts";
import {
  importModel,
  type ImportOptions,
  type ImportReport,
} from "../../src/importer/import_model.ts";
import { loadModel } from "../../src/model/encoders.ts";
import { loadManifest } from "../../src/model/manifest.ts";
import { openRuntime } from "../../src/model/runtime/runtime.ts";
import type { Runtime } from "../../src/model/runtime/session.ts";
import { GOLDEN, goldenAudio, goldenFrames } from "./golden.ts";
import { TINY, writeSyntheticCheckpoint } from "./synthetic_checkpoint.ts";
import { inFolder } from "./temporary_folder.ts";

const defaults = {
  name: "model",
  precision: "fp32",
  image: { width: 32, height: 32 },
  window: 0.5,
} as const;

async function withRuntime<T>(body: (runtime: Runtime) => Promise<T>): Promise<T> {
  const runtime = await openRuntime(runtimeSchema.parse({ providers: ["cpu"], threads: 1 }), ".");
  try {
    return await body(runtime);
  } finally {
    await runtime.close();
  }
}

function importInto(
  out: string,
  folder: string,
  options: Partial<ImportOptions> = {},
): Promise<ImportReport> {
  return withRuntime((runtime) => importModel(folder, runtime, { ...defaults, out, ...options }));
}

function entries(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map((entry) => entry.name).sort();
}

Deno.test("the published layout becomes a model folder that fits the contract", async () => {
  await inFolder(async (out) => {
    const report = await importInto(out, `${GOLDEN}/public_2head`, {
      name: "two-heads",
      image: { width: 288, height: 160 },
      window: 2,
    });
    assert.deepEqual(entries(out), ["two-heads"]);
    assert.deepEqual(entries(join(out, "two-heads")), ["audio.onnx", "image.onnx", "model.yaml"]);
    const { manifest } = await loadManifest(join(out, "two-heads"));
    assert.deepEqual(manifest, report.manifest);
    assert.deepEqual(manifest.image.grid, { width: 36, height: 20 });
    assert.equal(manifest.channels, 48);
    assert.equal(manifest.class_token, false);
    assert.deepEqual(manifest.heads.map(({ kind, verified }) => [kind, verified]), [
      ["speech", false],
      ["sound", false],
    ]);
    assert.ok(Math.abs(manifest.audio.feature_rate - 16000 / 2880) < 1e-12);
    assert.equal(manifest.audio.first_feature, 0.0925);
    assert.equal(manifest.audio.receptive_field, 0.185);
    assert.equal(manifest.audio.min_samples, 2960);
    assert.ok(manifest.check && manifest.check.relative_l2 < 1e-5, `${manifest.check}`);
    for (const part of [manifest.image, manifest.audio]) {
      const bytes = await Deno.readFile(join(out, "two-heads", part.file));
      assert.equal(createHash("sha256").update(bytes).digest("hex"), part.sha256);
    }
    await withRuntime(async (runtime) => {
      const audio = await runtime.createSession(join(out, "two-heads", "audio.onnx"));
      for (const samples of [2960, 5839, 5840, 32000]) {
        const data = goldenAudio("audio_2s").subarray(0, samples);
        const { features } = await audio.run({
          waveform: { type: "float32", dims: [1, samples], data },
        });
        const steps = Math.floor((samples - 2960) / 2880) + 1;
        assert.deepEqual(features.dims, [1, 48, steps]);
      }
      await audio.release();
      const image = await runtime.createSession(join(out, "two-heads", "image.onnx"));
      const { features } = await image.run({
        frames: { type: "uint8", dims: [1, 160, 288, 3], data: goldenFrames("frame_160x288") },
      });
      assert.deepEqual(features.dims, [1, 48, 20, 36]);
      await image.release();
    });
  });
});

Deno.test("class tokens are outputs if the similarity uses them", async () => {
  await inFolder(async (out) => {
    const options = { image: { width: 224, height: 224 } };
    const { manifest } = await importInto(out, `${GOLDEN}/public_sound`, options);
    assert.equal(manifest.class_token, true);
    assert.deepEqual(manifest.heads.map((head) => head.kind), ["sound"]);
    await withRuntime(async (runtime) => {
      for (const file of ["image.onnx", "audio.onnx"]) {
        const session = await runtime.createSession(join(out, "model", file));
        const names = session.outputs.map((output) => output.name);
        const columns = file === "audio.onnx" ? ["all_columns"] : [];
        assert.deepEqual(names, ["features", "cls", ...columns]);
        await session.release();
      }
    });
  });
});

Deno.test("every precision passes its self-check, also with fixed sizes and normalized audio", async () => {
  await inFolder(async (folder) => {
    const source = join(folder, "source");
    await writeSyntheticCheckpoint(source, { ...TINY, useCls: true });
    const bounds = { fp32: 1e-5, fp16: 5e-3, int8: 0.1 };
    for (const precision of ["fp32", "fp16", "int8"] as const) {
      for (const fixed of [false, true]) {
        const name = `${precision}-${fixed}`;
        const { manifest, check } = await importInto(join(folder, "out"), source, {
          name,
          precision,
          fixed,
          normalizeAudio: fixed,
        });
        assert.deepEqual(Object.keys(check).sort(), [
          "audio cls",
          "audio features",
          "image cls",
          "image features",
        ]);
        for (const [output, distance] of Object.entries(check)) {
          assert.ok(distance <= bounds[precision], `${name} ${output}: ${distance}`);
        }
        // As many as the pipeline feeds for 500 ms: three steps of 2880.
        assert.equal(manifest.audio.min_samples, fixed ? 8640 : 2960);
        await withRuntime(async (runtime) => {
          const session = await runtime.createSession(join(folder, "out", name, "audio.onnx"));
          assert.deepEqual(session.inputs[0].dims, fixed ? [1, 8640] : [-1, -1]);
          await session.release();
        });
      }
    }
  });
});

Deno.test("weights beyond the limit are in separate files, and are found there", async () => {
  await inFolder(async (folder) => {
    const source = join(folder, "source");
    await writeSyntheticCheckpoint(source, TINY);
    const { manifest, files } = await importInto(folder, source, { externalDataAbove: 20_000 });
    const names = ["audio.onnx.data", "image.onnx.data"];
    assert.deepEqual(manifest.external_data.map(({ file }) => file).sort(), names);
    assert.deepEqual(files.map(({ file }) => file).sort(), [
      "audio.onnx",
      "audio.onnx.data",
      "image.onnx",
      "image.onnx.data",
    ]);
    const model = await loadManifest(join(folder, "model"));
    await withRuntime(async (runtime) => {
      const encoders = await loadModel(model, runtime);
      await encoders.release();
      await Deno.truncate(join(folder, "model", "audio.onnx.data"), 100);
      await assert.rejects(loadModel(model, runtime), /audio\.onnx\.data/);
    });
  });
});

Deno.test("faults of the weights are listed with the nearest known name", async () => {
  await inFolder(async (folder) => {
    const source = join(folder, "source");
    await writeSyntheticCheckpoint(source, TINY);
    const path = join(source, "model.safetensors");
    const bytes = await Deno.readFile(path);
    const text = new TextDecoder("latin1").decode(bytes);
    const at = text.indexOf("blocks.1.mlp.fc1.weight");
    bytes.set(new TextEncoder().encode("blocks.1.mlp.fcl.weight"), at);
    await Deno.writeFile(path, bytes);
    await assert.rejects(importInto(join(folder, "out"), source), (error: Error) => {
      const [head, ...rest] = error.message.split("\n");
      assert.match(head, /got 1 missing and 1 unexpected tensors/);
      assert.equal(rest.length, 2);
      assert.match(rest[0], /missing image_model.model.blocks.1.mlp.fc1.weight \(closest: .*fcl/);
      assert.match(rest[1], /unexpected .*fcl.weight \(closest: .*fc1.weight\)/);
      return true;
    });
    assert.ok(!entries(folder).includes("out"));
  });
});

Deno.test("mistakes of the user are one line and leave no files", async (t) => {
  await inFolder(async (folder) => {
    const source = join(folder, "source");
    const out = join(folder, "out");
    await writeSyntheticCheckpoint(source, TINY);
    await importInto(out, source);
    const pickled = join(folder, "pickled");
    await Deno.mkdir(pickled);
    await Deno.writeTextFile(join(pickled, "pytorch_model.bin"), "PK");
    const cases: [string, string, Partial<ImportOptions>, RegExp][] = [
      ["name taken", source, {}, /must not exist yet; remove it or pass --replace/],
      ["name with a path", source, { name: "../evil" }, /must be letters, digits/],
      ["image size", source, { name: "x", image: { width: 30, height: 32 } }, /multiples of 8/],
      ["window too short", source, { name: "x", window: 0.1 }, /at least 0.185s, got 0.1s/],
      ["too few heads", source, { name: "x", heads: ["sound"] }, /must name 2 heads, got 1/],
      ["no folder", join(folder, "none"), { name: "x" }, /must be a folder with config.json/],
      ["a checkpoint file", join(folder, "m.ckpt"), { name: "x" }, /pickle, which can run code/],
      ["a pickle in the folder", pickled, { name: "x" }, /pickle, which can run code/],
    ];
    for (const [name, from, options, message] of cases) {
      await t.step(name, async () => {
        await assert.rejects(importInto(out, from, options), (error: Error) => {
          assert.equal(error.name, "ImportError");
          assert.match(error.message, message);
          assert.ok(!error.message.includes("\n"));
          return true;
        });
        assert.deepEqual(entries(out), ["model"]);
      });
    }
    await t.step("stopped half-way", async () => {
      const stop = new AbortController();
      const onProgress = (step: string) => step.includes("audio") && stop.abort();
      const options = { name: "x", signal: stop.signal, onProgress };
      await assert.rejects(importInto(out, source, options), { name: "AbortError" });
      assert.deepEqual(entries(out), ["model"]);
    });
    await t.step("only a model is replaced", async () => {
      await assert.rejects(
        importInto(folder, source, { name: "source", replace: true }),
        /must be a model to be replaced, got the weights themselves; pass another --name/,
      );
      await assert.rejects(
        importInto(folder, source, { name: "pickled", replace: true }),
        /must be a model to be replaced, got a folder without model.yaml/,
      );
      assert.deepEqual(entries(source), ["config.json", "model.safetensors"]);
    });
    await t.step("replaced when asked to", async () => {
      const { manifest } = await importInto(out, source, { replace: true, precision: "int8" });
      assert.equal(manifest.check?.precision, "int8");
      assert.deepEqual(entries(out), ["model"]);
    });
  });
});

Deno.test("the kind of one head follows from its repository, or must be stated", async () => {
  await inFolder(async (folder) => {
    const source = join(folder, "source");
    const out = join(folder, "out");
    await writeSyntheticCheckpoint(source, { ...TINY, heads: 1 });
    const kinds = (report: ImportReport) => report.manifest.heads;
    const from = (repository: string) =>
      importInto(out, source, { name: repository, source: `hf:mhamilton723/${repository}` });
    assert.deepEqual(kinds(await from("DenseAV-language")), [{ kind: "speech", verified: false }]);
    assert.deepEqual(kinds(await from("DenseAV-sound")), [{ kind: "sound", verified: false }]);
    await assert.rejects(importInto(out, source), /--heads must name each of the 1 heads/);
    const told = await importInto(out, source, { heads: ["speech"] });
    assert.deepEqual(kinds(told), [{ kind: "speech", verified: true }]);
  });
});

Deno.test("the license is taken from the model card", async () => {
  await inFolder(async (folder) => {
    const source = join(folder, "source");
    await writeSyntheticCheckpoint(source, TINY);
    await Deno.writeTextFile(join(source, "README.md"), "---\nlicense: cc-by-4.0\n---\n# Card\n");
    const { manifest } = await importInto(join(folder, "out"), source);
    assert.equal(manifest.license, "cc-by-4.0");
  });
});
