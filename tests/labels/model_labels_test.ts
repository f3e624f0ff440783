import assert from "node:assert/strict";
import { join } from "node:path";
import { Labeler } from "../../src/labels/labeler.ts";
import { loadLabeler } from "../../src/labels/load_labeler.ts";
import { readModelLabels } from "../../src/labels/model_labels.ts";
import type { ModelFolder } from "../../src/model/manifest.ts";
import { type Thing, writeBank } from "../../src/model/things/thing_bank.ts";
import { codeAt, madeSpace } from "./made_space.ts";

const base64 = (values: Float32Array | Int8Array) =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength).toBase64();

const space = madeSpace([25, 25]);
const KIND = {
  kind: "speech",
  mean: base64(space.mean),
  transform: base64(space.transform),
  between: base64(space.between),
  scale: 1,
  unknown: 0,
  fitted_on: "made up",
  names: [["cup", 3], ["dog", 2]],
  codes: base64(Int8Array.of(127, 64, 0, 127, 0, -32)),
  largest: 2,
};
/** Written by models/training/tests/golden_labels.py with the code that fits and measures a label file. */
const GOLDEN = JSON.parse(
  await Deno.readTextFile(
    new URL("../../models/training/tests/golden_labels.json", import.meta.url),
  ),
);
const AUDIO = "5".repeat(64);
const CONTENT = { format: "whence/labels/1", audio: AUDIO, kinds: [KIND] };

async function withModel(
  content: unknown,
  use: (model: ModelFolder, folder: string) => Promise<void>,
): Promise<void> {
  const path = await Deno.makeTempDir({ prefix: "whence-labels-" });
  try {
    await Deno.writeTextFile(join(path, "labels.json"), JSON.stringify(content));
    const manifest = {
      name: "made",
      version: 2,
      audio: { file: "audio.onnx", sha256: AUDIO },
      channels: 6,
      heads: [{ kind: "sound" }, { kind: "speech" }],
      labels: { file: "labels.json" },
    };
    await use({ path, manifest } as unknown as ModelFolder, path);
  } finally {
    await Deno.remove(path, { recursive: true });
  }
}

Deno.test("a label file gives each kind's space and names", () =>
  withModel(CONTENT, async (model) => {
    const { space: read, names } = (await readModelLabels(model))!.get("speech")!;
    assert.deepEqual(read.transform, space.transform);
    assert.deepEqual(names.map(({ name, examples }) => [name, examples]), [["cup", 3], ["dog", 2]]);
    assert.deepEqual(names.map(({ code }) => [...code].map((value) => value.toFixed(2))), [
      ["2.00", "1.01", "0.00"],
      ["2.00", "0.00", "-0.50"],
    ]);
  }));

Deno.test("a label file that does not fit says which key is wrong", async () => {
  const without = (change: object) => ({ ...CONTENT, kinds: [{ ...KIND, ...change }] });
  for (
    const [content, told] of [
      [{ ...CONTENT, format: "x" }, /labels\.json: format: /],
      [
        { ...CONTENT, audio: "6".repeat(64) },
        /audio must be the SHA-256 of audio\.onnx, 5+, got 6+; make it again/,
      ],
      [without({ mean: "%" }), /kinds\.0\.mean: must be base64/],
      [without({ mean: "AAAA" }), /kinds\.0\.mean: must be base64 of 32-bit floats/],
      [without({ names: [["cup", 3]] }), /kinds\.0: transform and codes must have the sizes/],
      [without({ names: [["cup", 0], ["dog", 1]] }), /kinds\.0\.names\.0\.1: /],
      [
        without({
          mean: base64(Float32Array.of(1)),
          transform: base64(Float32Array.of(1, 1)),
          codes: "AAA=",
        }),
        /codes must have 3 values, as many as a head has channels/,
      ],
    ] as const
  ) {
    await withModel(content, async (model) => {
      await assert.rejects(readModelLabels(model), (error: Error) => {
        assert.match(error.message, told);
        assert.match(error.message, /^Cannot read the labels of made: .*labels\.json: /);
        return true;
      });
    });
  }
});

Deno.test("the user's names are read from the bank of labels, or of things", () =>
  withModel(CONTENT, async (model, folder) => {
    const mug: Thing = {
      name: "mug",
      kind: "speech",
      model: "made@2",
      code: codeAt([-9, 0]),
      length: 1,
    };
    await writeBank(join(folder, "mine.json"), [mug]);
    const rules = { model_names: true, min_score: 0.5 };
    const named = async (config: object) => {
      const labeler = await loadLabeler(model, { ...rules, ...config }, folder);
      return labeler!.label("speech", codeAt([-9, 0])).map(({ name }) => name);
    };
    assert.deepEqual(await named({}), []);
    assert.deepEqual(await named({ bank: "mine.json" }), ["mug"]);
    assert.deepEqual(await named({ things: "mine.json" }), ["mug"]);
    assert.deepEqual(await named({ bank: "mine.json", model_names: false }), ["mug"]);
    await writeBank(join(folder, "mine.json"), [{ ...mug, model: "made@1" }]);
    await assert.rejects(
      named({ bank: "mine.json" }),
      /must have been shown to made@2, got made@1/,
    );
  }));

Deno.test("a model without a label file gives no labels, and refuses a bank of names", () =>
  withModel(CONTENT, async ({ path, manifest }, folder) => {
    const model = { path, manifest: { ...manifest, labels: undefined } };
    const rules = { model_names: true, min_score: 0.5 };
    assert.equal(await loadLabeler(model, rules, folder), undefined);
    await writeBank(join(folder, "mine.json"), []);
    assert.equal(await loadLabeler(model, { ...rules, things: "mine.json" }, folder), undefined);
    await assert.rejects(
      loadLabeler(model, { ...rules, bank: "mine.json" }, folder),
      /^ModelError: Cannot use the bank mine\.json: made has no label file; see docs\/labels\.md$/,
    );
  }));

Deno.test("scores are those that the training recipe measures, also with examples that differ", () =>
  withModel(GOLDEN.labels, async (model) => {
    const labels = (await readModelLabels(model))!;
    const { names } = labels.get("speech")!;
    const lengths = names.map(({ code }) => Math.hypot(...code));
    assert.ok(lengths.every((length) => length < 0.98), `${lengths}: means of different codes`);
    const labeler = new Labeler(labels, [], { min_score: 0 });
    for (const [i, heard] of (GOLDEN.heard as number[][]).entries()) {
      const found = labeler.label("speech", Float32Array.from(heard));
      assert.equal(found.length, names.length);
      for (const { name, score } of found) {
        const wanted = GOLDEN.scores[i][name];
        assert.ok(Math.abs(score - wanted) < 1e-4, `${i}, ${name}: ${score}, ${wanted}`);
      }
    }
  }));
