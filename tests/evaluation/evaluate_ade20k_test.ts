import assert from "node:assert/strict";
import { join } from "node:path";
import sharp from "sharp";
import { readAde20k } from "../../src/evaluation/ade20k_set.ts";
import type { ClipGrounder } from "../../src/evaluation/clip_grounder.ts";
import { evaluateAde20k } from "../../src/evaluation/evaluate_ade20k.ts";
import { promptedSegmentation } from "../../src/evaluation/prompted_segmentation.ts";
import { boxMask, madePicture, madeSound, scratch, writePng, writeWav } from "./made_scenes.ts";
import { openMini } from "./mini_grounder.ts";

/** Higher than wide, so that the middle is cut out; the model's width, so that nothing is resized. */
const WIDTH = 128;
const HEIGHT = 160;
const TOP = 16;
const PADDED = 164200;

interface Row {
  readonly seed: number;
  readonly classId: number;
  readonly box: readonly number[];
  readonly timing: readonly [number, number];
}

const ROWS: Row[] = [
  { seed: 31, classId: 300, box: [0.1, 0.2, 0.5, 0.7], timing: [0.5, 1] },
  { seed: 32, classId: 300, box: [0.4, 0.3, 0.9, 0.9], timing: [1.2, 1.6] },
  { seed: 33, classId: 7, box: [0, 0, 0.6, 0.5], timing: [0.3, 2.4] },
];

/** The published layout, smaller: list, frames, annotations in ADE20K's two colours, prompts. */
async function writeAde20k(root: string, rows: readonly Row[]) {
  const place = (seed: number) => `validation/room/${seed}`;
  for (const folder of ["frames", "annotations"]) {
    await Deno.mkdir(join(root, folder, "validation", "room"), { recursive: true });
  }
  await Deno.mkdir(join(root, "audio"), { recursive: true });
  const list = ["image_location,ade_class_id,speech_prompt_file,vggsound_file,timing"];
  for (const { seed, classId, box, timing } of rows) {
    list.push(
      `${place(seed)}.jpg,${classId},old/place/${seed}.wav,old/${seed}.wav,"${
        JSON.stringify(timing)
      }"`,
    );
    const raw = { width: WIDTH, height: HEIGHT, channels: 3 as const };
    await sharp(madePicture(seed, WIDTH, HEIGHT), { raw }).jpeg({ quality: 100 })
      .toFile(join(root, "frames", `${place(seed)}.jpg`));
    const colours = boxMask(WIDTH, HEIGHT, box).reduce<number[]>((all, inside, i) => {
      const label = inside ? classId : 512;
      all.push(Math.floor(label / 256) * 10 + i % 10, label % 256, i % 256);
      return all;
    }, []);
    const file = join(root, "annotations", `${place(seed)}_seg.png`);
    await writePng(file, Uint8Array.from(colours), WIDTH, HEIGHT);
    await writeWav(join(root, "audio", `${seed}.wav`), madeSound(seed, 2.5));
  }
  list.push(`${place(31)}.jpg,0,old/31.wav,old/31.wav,"[0.5, 1]"`, `${place(31)}.jpg,9,,,`);
  await Deno.writeTextFile(join(root, "prompted_segmentation.csv"), `${list.join("\n")}\n`);
}

/** Mean similarity over chosen steps, the larger head everywhere, from the encoders alone. */
async function plainMap(grounder: ClipGrounder, root: string, row: Row, word: boolean) {
  const padded = new Float32Array(PADDED);
  const samples = madeSound(row.seed, 2.5).map((sample) => Math.round(sample * 32768) / 32768);
  padded.set(samples);
  const audio = await grounder.encodeSound(padded);
  const frame = join(root, "frames", "validation", "room", `${row.seed}.jpg`);
  const data = new Uint8Array(
    await sharp(frame).extract({ left: 0, top: TOP, width: WIDTH, height: 128 }).raw().toBuffer(),
  );
  const image = await grounder.encodePicture({ width: WIDTH, height: 128, data });
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
  // A step is real when its centre reads at least one hundredth of a real sample.
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

function truth({ box }: Row): Uint8Array {
  return boxMask(WIDTH, HEIGHT, box).slice(TOP * WIDTH, (TOP + 128) * WIDTH).map((v) => v ? 1 : 0);
}

Deno.test("prompted ADE20K is evaluated as published and corrected", async (t) => {
  await using mini = await openMini();
  const { grounder } = mini;
  await using folder = await scratch();
  await using resume = await scratch();
  const root = join(folder.path, "ADE20KSpeechPrompted");
  await writeAde20k(root, ROWS);
  const options = { normaliseAudio: false, resumeFolder: resume.path };

  await t.step("rows without a prompt and of class 0 are left out", async () => {
    const prompts = await readAde20k(folder.path, "speech");
    assert.deepEqual(prompts.map((prompt) => prompt.classId), [300, 300, 7]);
    assert.equal(prompts[0].audio, join(root, "audio", "31.wav"));
    assert.deepEqual(prompts[1].word, { onset: 1.2, offset: 1.6 });
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
          truth: () => truth(row),
        })));
        const wanted = await promptedSegmentation(items, grounder.grid, grounder.size, variant);
        const got = result[variant][name];
        assert.ok(got && Math.abs(got.map - wanted.map) < 1e-3, `${variant} ${name} mAP`);
        assert.ok(Math.abs(got.miou - wanted.miou) < 1e-3, `${variant} ${name} mIoU`);
        assert.equal(got.classes.length, 2);
      }
    }
    const [a, b, c] = ROWS.map((row) => truth(row).filter((pixel) => pixel).length / 128 ** 2);
    assert.ok(Math.abs(result.baseline - ((a + b) / 2 + c) / 2) < 1e-6);
  });

  await t.step("a word at the clip's edge stops the published figure only", async () => {
    await writeAde20k(root, [...ROWS, { ...ROWS[0], seed: 34, timing: [0.1, 0.4] }]);
    const prompts = await readAde20k(folder.path, "speech");
    const { published, corrected } = await evaluateAde20k(grounder, prompts, "speech", options);
    assert.equal(published.word, undefined);
    assert.match(published.wordFault ?? "", /steps must lie in 0\.\.\d+, got -\d/);
    assert.ok((corrected.word?.map ?? 0) > 0);
    assert.equal(corrected.word?.skippedItems, 0);
  });

  await t.step("a class cut off by the crop stops the published mean only", async () => {
    await writeAde20k(root, [...ROWS, { ...ROWS[0], seed: 35, classId: 9, box: [0, 0, 1, 0.05] }]);
    const prompts = await readAde20k(root, "sound");
    const { published, corrected } = await evaluateAde20k(grounder, prompts, "sound", options);
    assert.ok(Number.isNaN(published.wholeClip.map));
    assert.equal(corrected.wholeClip.skippedClasses, 1);
    assert.ok(corrected.wholeClip.map > 0);
    assert.equal(corrected.word, undefined);
  });

  await t.step("a run that was cut off goes on", async () => {
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

Deno.test("a list without prompts or with a timing that is none is refused", async () => {
  await using folder = await scratch();
  await assert.rejects(readAde20k(folder.path, "speech"), /must hold prompted_segmentation\.csv/);
  const list = join(folder.path, "prompted_segmentation.csv");
  const header = "image_location,ade_class_id,speech_prompt_file,timing\n";
  await Deno.writeTextFile(list, `${header}a.jpg,0,a.wav,"[0, 1]"\n`);
  await assert.rejects(readAde20k(folder.path, "speech"), /must have speech prompts, got none/);
  await Deno.writeTextFile(list, `${header}a.jpg,5,a.wav,soon\n`);
  await assert.rejects(
    readAde20k(folder.path, "speech"),
    /row 1: timing must be \[start, end\] in seconds, got soon/,
  );
});
