import assert from "node:assert/strict";
import { join } from "node:path";
import sharp from "sharp";
import { readAde20k } from "../../../src/evaluation/datasets/ade20k_set.ts";
import type { ClipGrounder } from "../../../src/evaluation/runs/clip_grounder.ts";
import { evaluateAde20k } from "../../../src/evaluation/runs/evaluate_ade20k.ts";
import { promptedSegmentation } from "../../../src/evaluation/metrics/prompted_segmentation.ts";
import { type Row, ROWS, writeAde20k } from "../made_ade20k.ts";
import { boxMask, madeSound, scratch } from "../made_scenes.ts";
import { openMini } from "../mini_grounder.ts";

const PADDED = 164200;

/** As wide as the model's picture, so that nothing is resized, and higher, so that the middle is cut out. */
function sourceSize({ size }: ClipGrounder) {
  const top = Math.round(size.height / 8);
  return { width: size.width, height: size.height + 2 * top, top };
}

/** Mean similarity over chosen steps, the larger head everywhere, from the encoders alone. */
async function plainMap(grounder: ClipGrounder, root: string, row: Row, word: boolean) {
  const padded = new Float32Array(PADDED);
  const samples = madeSound(row.seed, 2.5).map((sample) => Math.round(sample * 32768) / 32768);
  padded.set(samples);
  const audio = await grounder.encodeSound(padded);
  const frame = join(root, "frames", "validation", "room", `${row.seed}.jpg`);
  const { top } = sourceSize(grounder);
  const data = new Uint8Array(
    await sharp(frame).extract({ left: 0, top, ...grounder.size }).raw().toBuffer(),
  );
  const image = await grounder.encodePicture({ ...grounder.size, data });
  const heads = grounder.manifest.heads.length;
  const { volume } = await grounder.volume(audio, image);
  const loudest = Float32Array.from(
    { length: volume.length / heads },
    (_, i) =>
      Math.max(...Array.from({ length: heads }, (_, h) => volume[h * volume.length / heads + i])),
  );
  const share = audio.cells * 16000 / PADDED;
  const [from, to] = word
    ? [Math.floor((row.timing[0] - 0.2) * share), Math.ceil((row.timing[1] + 0.2) * share)]
    : [0, Infinity];
  // A step is real when its center reads at least one hundredth of a real sample.
  const real = (step: number) =>
    Math.floor((step + 0.5) * PADDED / audio.cells - 0.5) < samples.length;
  const published = new Float32Array(image.cells);
  const corrected = new Float32Array(image.cells);
  const all = [...Array(audio.cells).keys()].filter((step) => step >= from && step < to);
  const heard = all.filter(real);
  for (let cell = 0; cell < image.cells; cell++) {
    const sum = heard.reduce((total, step) => total + loudest[step * image.cells + cell], 0);
    corrected[cell] = sum / heard.length;
    published[cell] = sum / (word ? all.length : heard.length);
  }
  return { published, corrected };
}

function truth(grounder: ClipGrounder, { box }: Row): Uint8Array {
  const { width, height, top } = sourceSize(grounder);
  return boxMask(width, height, box).slice(top * width, (height - top) * width)
    .map((value) => value ? 1 : 0);
}

Deno.test("prompted ADE20K is evaluated as published and corrected", async (t) => {
  await using mini = await openMini();
  const { grounder } = mini;
  await using folder = await scratch();
  await using resume = await scratch();
  const source = sourceSize(grounder);
  const root = join(folder.path, "ADE20KSpeechPrompted");
  await writeAde20k(root, ROWS, source);
  const options = { normalizeAudio: false, resumeFolder: resume.path };

  await t.step("rows without a prompt and of class 0 are skipped", async () => {
    const prompts = await readAde20k(folder.path, "speech");
    assert.deepEqual(prompts.map((prompt) => prompt.classId), [300, 300, 7]);
    assert.equal(prompts[0].audio, join(root, "audio", "31.wav"));
    assert.deepEqual(prompts[1].word, { onset: 1.9, offset: 4 });
    assert.equal((await readAde20k(root, "sound"))[0].word, undefined);
  });

  await t.step("figures equal the plain computation", async () => {
    const result = await evaluateAde20k(
      grounder,
      await readAde20k(folder.path, "speech"),
      "speech",
      options,
    );
    for (const variant of ["published", "corrected"] as const) {
      for (const [name, word] of [["wholeClip", false], ["word", true]] as const) {
        const items = await Promise.all(ROWS.map(async (row) => ({
          classId: row.classId,
          map: (await plainMap(grounder, root, row, word))[variant],
          truth: () => truth(grounder, row),
        })));
        const expected = await promptedSegmentation(items, grounder.grid, grounder.size, variant);
        const got = result[variant][name];
        assert.ok(got && Math.abs(got.map - expected.map) < 1e-3, `${variant} ${name} mAP`);
        assert.ok(Math.abs(got.miou - expected.miou) < 1e-3, `${variant} ${name} mIoU`);
        assert.equal(got.classes.length, 2);
      }
    }
    const [a, b, c] = ROWS.map((row) =>
      truth(grounder, row).filter((pixel) => pixel).length /
      (grounder.size.width * grounder.size.height)
    );
    assert.ok(Math.abs(result.baseline - ((a + b) / 2 + c) / 2) < 1e-6);
  });

  await t.step("a word at the clip's edge stops the published figure only", async () => {
    await writeAde20k(root, [...ROWS, { ...ROWS[0], seed: 34, timing: [0.1, 0.4] }], source);
    const prompts = await readAde20k(folder.path, "speech");
    const { published, corrected } = await evaluateAde20k(grounder, prompts, "speech", options);
    assert.equal(published.word, undefined);
    assert.match(published.wordFault ?? "", /steps must be in 0\.\.\d+, got -\d/);
    assert.ok((corrected.word?.map ?? 0) > 0);
    assert.equal(corrected.word?.skippedItems, 0);
  });

  await t.step("a class cut off by the crop stops the published mean only", async () => {
    await writeAde20k(
      root,
      [...ROWS, { ...ROWS[0], seed: 35, classId: 9, box: [0, 0, 1, 0.05] }],
      source,
    );
    const prompts = await readAde20k(root, "sound");
    const { published, corrected } = await evaluateAde20k(grounder, prompts, "sound", options);
    assert.ok(Number.isNaN(published.wholeClip.map));
    assert.equal(corrected.wholeClip.skippedClasses, 1);
    assert.ok(corrected.wholeClip.map > 0);
    assert.equal(corrected.word, undefined);
  });

  await t.step("an interrupted run resumes", async () => {
    const prompts = await readAde20k(folder.path, "speech");
    const whole = await evaluateAde20k(grounder, prompts, "speech", options);
    const stop = new AbortController();
    const cut = { ...options, signal: stop.signal, onProgress: () => stop.abort() };
    await assert.rejects(evaluateAde20k(grounder, prompts, "speech", cut), { name: "AbortError" });
    await Deno.remove(prompts[0].audio);
    assert.deepEqual(await evaluateAde20k(grounder, prompts, "speech", options), whole);
    await assert.rejects(evaluateAde20k(grounder, prompts, "speech", options), /31\.wav/);
  });
});

Deno.test("a list without prompts or with an invalid timing is rejected", async () => {
  await using folder = await scratch();
  await assert.rejects(
    readAde20k(folder.path, "speech"),
    /must contain prompted_segmentation\.csv/,
  );
  const list = join(folder.path, "prompted_segmentation.csv");
  const header = "image_location,ade_class_id,speech_prompt_file,timing\n";
  await Deno.writeTextFile(list, `${header}a.jpg,0,a.wav,"[0, 1]"\n`);
  await assert.rejects(readAde20k(folder.path, "speech"), /must contain speech prompts, got none/);
  await Deno.writeTextFile(list, `${header}a.jpg,5,a.wav,soon\n`);
  await assert.rejects(
    readAde20k(folder.path, "speech"),
    /row 1: timing must be \[start, end\] in seconds, got soon/,
  );
});
