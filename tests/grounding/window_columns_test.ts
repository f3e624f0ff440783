import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { WindowColumns } from "../../src/grounding/window_columns.ts";
import { Similarity } from "../../src/grounding/similarity.ts";
import { importModel, type ImportOptions } from "../../src/importer/import_model.ts";
import { type Encoders, loadModel } from "../../src/model/encoders.ts";
import { loadManifest } from "../../src/model/manifest.ts";
import { windowSamples } from "../../src/model/window_samples.ts";
import { TINY, writeSyntheticCheckpoint } from "../importer/synthetic_checkpoint.ts";
import { inFolder } from "../importer/temporary_folder.ts";
import type { Runtime } from "../../src/model/runtime/session.ts";
import { similarityShape } from "../../src/pipeline/engine.ts";
import { openCpu } from "../model/open_cpu.ts";
import { groundAll } from "./ground_clip.ts";

const RATE = 16000;
/** Samples from one feature of the published architecture to the next. */
const STEP = 2880;
const recording = Float32Array.from(
  { length: 6 * RATE },
  (_, i) => 0.2 * Math.sin(i / 9) * Math.sin(i / 2500) + 0.02 * Math.sin(i * i / 700),
);

async function withEncoders(
  options: Partial<ImportOptions>,
  body: (encoders: Encoders, window: number, runtime: Runtime) => Promise<void>,
  library = "auto",
): Promise<void> {
  await inFolder(async (folder) => {
    const source = join(folder, "source");
    await writeSyntheticCheckpoint(source, TINY);
    const runtime = await openCpu(library);
    const report = await importModel(source, runtime, {
      name: "model",
      out: folder,
      precision: "fp32",
      image: { width: 32, height: 32 },
      window: 2,
      heads: ["speech", "sound"],
      ...options,
    });
    const model = await loadManifest(report.folder);
    const window = windowSamples(model.manifest.audio, 2);
    const encoders = await loadModel(model, runtime, { windowSamples: window });
    await body(encoders, window, runtime);
    await encoders.release();
    await runtime.close();
  });
}

/** Largest difference, relative to the largest feature. */
function away(got: Float32Array, wanted: Float32Array): number {
  assert.equal(got.length, wanted.length);
  const scale = Math.max(...wanted.map(Math.abs));
  return Math.max(...got.map((value, i) => Math.abs(value - wanted[i]))) / scale;
}

Deno.test("features of windows that share columns with the window before equal those encoded as a whole", () =>
  withEncoders({}, async (encoders, length) => {
    assert.deepEqual(encoders.manifest.audio.columns, {
      samples: 320,
      receptive_field: 400,
      channels: TINY.audio.width,
    });
    const starts = fc.array(fc.integer({ min: -2, max: 13 }), { minLength: 4, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(starts, async (moves) => {
        const columns = new WindowColumns(encoders);
        let start = 3 * STEP;
        for (const move of moves) {
          start = Math.max(0, Math.min(start + move * STEP, recording.length - length));
          start -= start % STEP;
          const window = recording.subarray(start, start + length);
          const { audio } = await columns.encode(window, start);
          const whole = await encoders.encodeAudio(window);
          assert.deepEqual(audio.dims, whole.dims);
          assert.ok(away(audio.features, whole.features) < 1e-5);
          assert.ok(away(audio.columns!, whole.columns!) < 1e-6);
        }
      }),
      { numRuns: 8, examples: [[[0, 1, 1, 0, -1, 2]]] },
    );
  }));

Deno.test("only the samples of new columns are encoded", () =>
  withEncoders({}, async (encoders, length) => {
    const columns = new WindowColumns(encoders);
    const encoded = async (start: number) =>
      (await columns.encode(recording.subarray(start, start + length), start)).encoded;
    assert.equal(await encoded(0), length);
    const moved = await encoded(STEP);
    assert.ok(moved < STEP + 2 * 400, `${moved}`);
    assert.equal(await encoded(length + 2 * STEP), length);
    assert.equal(await encoded(0), length, "a window before the kept columns");
  }));

Deno.test("a rolling window grounds the same steps and encodes a fraction of the samples", () =>
  withEncoders({}, async (encoders, length, runtime) => {
    const similarity = await Similarity.load(runtime, similarityShape(encoders.manifest));
    const options = { duration: 2, hop: 0.2, lookahead: 0.2, maxFrameDistance: 1 };
    const whole: Encoders = {
      ...encoders,
      takesAnyLength: encoders.takesAnyLength,
      takesColumns: false,
      encodeImages: (...args) => encoders.encodeImages(...args),
      encodeAudio: (...args) => encoders.encodeAudio(...args),
      release: () => encoders.release(),
    };
    const expected = await groundAll({ encoders: whole, similarity }, options);
    const found = await groundAll({ encoders, similarity }, options);
    assert.equal(found.steps.length, expected.steps.length);
    found.steps.forEach((step, i) => {
      assert.equal(step.ptsNs, expected.steps[i].ptsNs);
      assert.ok(away(step.volume, expected.steps[i].volume) < 1e-5);
    });
    assert.equal(found.stats.encodedWindows, expected.stats.encodedWindows);
    assert.equal(expected.stats.encodedSamples, expected.stats.encodedWindows * length);
    assert.ok(found.stats.encodedSamples < expected.stats.encodedSamples / 4);
    await similarity.release();
  }));

Deno.test("with int8 the shared columns differ by the scale of their bytes alone", () =>
  withEncoders({ precision: "int8" }, async (encoders, length) => {
    const columns = new WindowColumns(encoders);
    for (let start = 0; start <= 5 * STEP; start += STEP) {
      const window = recording.subarray(start, start + length);
      const { audio } = await columns.encode(window, start);
      const whole = await encoders.encodeAudio(window);
      assert.ok(away(audio.features, whole.features) < 0.1);
    }
  }));

for (
  const [what, options] of [
    ["fp16", { precision: "fp16" }],
    ["a fixed length", { fixed: true }],
    ["normalized windows", { normalizeAudio: true }],
  ] as const
) {
  Deno.test(`a model with ${what} gives no columns`, () =>
    withEncoders(options, (encoders) => {
      assert.equal(encoders.manifest.audio.columns, undefined);
      assert.equal(encoders.takesColumns, false);
      assert.throws(() => new WindowColumns(encoders), TypeError);
      return Promise.resolve();
    }));
}

Deno.test("a runtime without optional inputs runs a model with columns on whole windows", () =>
  withEncoders({}, async (encoders, length) => {
    assert.equal(encoders.takesColumns, false);
    const { dims, columns } = await encoders.encodeAudio(recording.subarray(0, 2 * length), 2);
    assert.equal(dims[0], 2);
    assert.ok(columns);
  }, "node"));
