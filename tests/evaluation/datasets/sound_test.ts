import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { readSound } from "../../../src/evaluation/datasets/sound.ts";
import { madeSound, scratch, writeWav } from "../made_scenes.ts";

Deno.test("a WAV file is read as it was written", async () => {
  await using folder = await scratch();
  const file = join(folder.path, "sound.wav");
  const samples = madeSound(5, 0.3);
  await writeWav(file, samples);
  const got = await readSound(file, 16000);
  assert.equal(got.length, samples.length);
  got.forEach((sample, i) => assert.ok(Math.abs(sample - samples[i]) < 1e-4));
});

Deno.test("an MP3 file at 44.1 kHz becomes 16 kHz and keeps its pitch", async () => {
  const file = fileURLToPath(new URL("../tone_1khz.mp3", import.meta.url));
  const samples = await readSound(file, 16000);
  assert.ok(Math.abs(samples.length - 8000) < 900, `${samples.length} samples`);
  const middle = samples.subarray(2000, 6000);
  let rises = 0;
  for (let i = 1; i < middle.length; i++) if (middle[i - 1] < 0 && middle[i] >= 0) rises++;
  assert.ok(Math.abs(rises - 250) <= 1, `${rises} periods in a quarter second`);
});

Deno.test("files that are not audio are reported in one line", async () => {
  await using folder = await scratch();
  const file = join(folder.path, "broken.wav");
  await Deno.writeTextFile(file, "no sound");
  await Deno.mkdir(join(folder.path, "folder.wav"));
  for (const path of [file, join(folder.path, "missing.wav"), join(folder.path, "folder.wav")]) {
    await assert.rejects(readSound(path, 16000), (error: Error) => {
      assert.equal(error.name, "EvaluationError");
      assert.match(
        error.message,
        /^Cannot read .*(broken\.wav: it must be a sound, got: |missing\.wav: no such file$|folder\.wav: it is a folder$)/,
      );
      assert.ok(!error.message.includes("\n"));
      return true;
    });
  }
});
