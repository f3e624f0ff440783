import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Clips } from "../../capture/media.ts";
import { seeded, writePng, writeWav } from "../../evaluation/made_scenes.ts";
import { inFolder } from "../../importer/temporary_folder.ts";
import { loadManifest } from "../../../src/model/manifest.ts";
import { AMPLITUDE, TONES, writeColorModel } from "../color_model.ts";
import { whence } from "../whence.ts";

const random = seeded(4);

async function writePair(
  folder: string,
  name: string,
  color: number,
  volume = 1,
): Promise<void> {
  const level = Math.round(155 + 100 * random());
  const pixels = Uint8Array.from({ length: 12 * 12 * 3 }, (_, i) => i % 3 === color ? level : 20);
  await writePng(join(folder, `${name}.png`), pixels, 12, 12);
  const loudness = volume * AMPLITUDE * (0.7 + 0.3 * random());
  const sound = Float32Array.from(
    { length: 8000 },
    // Half of it is silence, which is ignored.
    (_, i) => i < 4000 ? loudness * Math.sin(2 * Math.PI * TONES[color] * i / 16000) : 0,
  );
  await writeWav(join(folder, `${name}.wav`), sound);
}

Deno.test("pairs of pictures and sounds calibrate every head", async () => {
  await inFolder(async (folder) => {
    const model = await writeColorModel(folder);
    const data = join(folder, "kitchen");
    await Deno.mkdir(data);
    for (let i = 0; i < 12; i++) await writePair(data, `clip${i}`, i % 3);
    const { code, stdout, stderr } = await whence(
      ["model", "calibrate", "colors", "--out", folder, "--data", data, "--threads", "1"],
    );
    assert.equal(code, 0, stderr);
    assert.match(stdout, /0 sound +12 +156 +0\.\d+ +0\.\d+ +0\.\d+ +- +sigmoid/);
    const { manifest } = await loadManifest(model);
    for (const { calibration } of manifest.heads) {
      assert.ok(calibration);
      const score = (a: number) => 1 / (1 + Math.exp(-calibration.slope * a - calibration.offset));
      // Some of the "mismatched" pairs have the same color: the highest score is below 1.
      assert.ok(score(0.7) > 0.6 && score(0.05) < 0.3, JSON.stringify(calibration));
      assert.match(calibration.fitted_on, /^12 clips of kitchen, \d{4}-\d\d-\d\d, AUC 0\.[6-9]\d$/);
      assert.equal(calibration.previous, undefined);
    }
    const text = await Deno.readTextFile(join(model, "model.yaml"));
    assert.match(text, /^# Colors and tones\./);
    assert.match(text, /kind: sound # the first/);

    const again = ["model", "calibrate", model, "--data", data, "--limit", "9", "--threads", "1"];
    const dry = await whence([...again, "--dry-run"]);
    assert.equal(dry.code, 0, dry.stderr);
    assert.match(dry.stdout, /0 sound +9 .* sigmoid\(.*\) +sigmoid\(.*\)\n/);
    assert.match(dry.stdout, /dry run: nothing written\n$/);
    assert.equal(await Deno.readTextFile(join(model, "model.yaml")), text);

    assert.equal((await whence(again)).code, 0);
    const after = (await loadManifest(model)).manifest;
    after.heads.forEach(({ calibration }, head) => {
      assert.match(calibration!.fitted_on, /^9 clips/);
      assert.deepEqual(calibration!.previous, manifest.heads[head].calibration);
    });
    assert.equal((await whence(again)).code, 0);
    const last = (await loadManifest(model)).manifest;
    // One step back is kept, not a chain.
    assert.match(last.heads[0].calibration!.previous!.fitted_on, /^9 clips/);
  });
});

Deno.test("video files in a folder named after a kind calibrate its head alone", async () => {
  using clips = new Clips();
  await inFolder(async (folder) => {
    const model = await writeColorModel(folder);
    await Deno.mkdir(clips.path("sound"));
    for (let i = 0; i < 9; i++) {
      const color = ["red", "lime", "blue"][i % 3];
      await clips.make(
        ...["-f", "lavfi", "-i", `color=${color}:s=64x64:r=10:d=0.6`],
        ...["-f", "lavfi", "-i", `sine=f=${TONES[i % 3]}:r=16000:d=0.6`],
        ..."-c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a pcm_s16le -shortest".split(" "),
        `sound/clip${i}.mkv`,
      );
    }
    const { code, stdout, stderr } = await whence(
      ["model", "calibrate", model, "--data", clips.folder, "--threads", "1"],
    );
    assert.equal(code, 0, stderr);
    assert.match(stdout, /0 sound +9 /);
    assert.match(stdout, /1 speech +0 .*unchanged: no clips of its kind/);
    const { manifest } = await loadManifest(model);
    assert.ok(manifest.heads[0].calibration && manifest.heads[0].calibration.slope > 0);
    assert.equal(manifest.heads[1].calibration, undefined);
  });
});

Deno.test("clips in a folder named negative raise the similarity that a match needs", async () => {
  await inFolder(async (folder) => {
    const model = await writeColorModel(folder);
    const evenChance = async (data: string) => {
      const { code, stderr, stdout } = await whence(
        ["model", "calibrate", model, "--data", data, "--threads", "1"],
      );
      assert.equal(code, 0, stderr);
      const [{ calibration }] = (await loadManifest(model)).manifest.heads;
      return { stdout, similarity: -calibration!.offset / calibration!.slope };
    };
    const data = join(folder, "room");
    await Deno.mkdir(join(data, "sound"), { recursive: true });
    for (let i = 0; i < 9; i++) await writePair(join(data, "sound"), `clip${i}`, i % 3);
    const without = await evenChance(data);
    await Deno.mkdir(join(data, "negative"));
    // Half the power of a match, although nothing in the picture makes the sound.
    for (let i = 0; i < 9; i++) {
      await writePair(join(data, "negative"), `clip${i}`, i % 3, Math.SQRT1_2);
    }
    const { stdout, similarity } = await evenChance(data);
    assert.match(stdout, /0 sound +9 /);
    assert.ok(similarity > without.similarity + 0.05, `${similarity}, ${without.similarity}`);
  });
});

Deno.test("scenes.jsonl gives kinds, times and negatives", async () => {
  const scenes = fileURLToPath(new URL("../../evaluation/scenes/", import.meta.url));
  const { code, stdout, stderr } = await whence([
    ...["model", "calibrate", "denseav-mini", "--data", scenes, "--dry-run", "--threads", "1"],
  ]);
  assert.equal(code, 0, stderr);
  const rows = stdout.split("\n").slice(1, 3).map((line) => line.split(/ {2,}/));
  // 31 scenes: 9 with sounds, 16 with words, 3 of them with both, the rest negatives.
  assert.deepEqual(rows.map(([head, clips]) => [head, clips]), [
    ["0 sound", "9"],
    ["1 speech", "16"],
  ]);
  // Measured: 0.75 and 0.77 on the 27 composed ones.
  for (const row of rows) assert.ok(Number(row[5]) > 0.65, row.join(" "));
});

Deno.test("clips that are all alike are refused and change nothing", async () => {
  await inFolder(async (folder) => {
    const model = await writeColorModel(folder);
    const before = await Deno.readTextFile(join(model, "model.yaml"));
    const data = join(folder, "alike");
    await Deno.mkdir(data);
    await writePair(data, "clip0", 1);
    for (let i = 1; i < 9; i++) {
      for (const type of ["png", "wav"]) {
        await Deno.copyFile(join(data, `clip0.${type}`), join(data, `clip${i}.${type}`));
      }
    }
    const { code, stdout, stderr } = await whence(["model", "calibrate", model, "--data", data]);
    assert.equal(code, 1);
    assert.match(stdout, /0 sound +9 .* unchanged: it does not separate/);
    assert.match(
      stderr,
      /^Cannot calibrate .*: 0 sound: .*AUC must be at least 0\.6, got 0\.50;.*\n$/,
    );
    assert.equal(await Deno.readTextFile(join(model, "model.yaml")), before);
  });
});

Deno.test("too few clips are refused and change nothing", async () => {
  await inFolder(async (folder) => {
    const model = await writeColorModel(folder);
    const before = await Deno.readTextFile(join(model, "model.yaml"));
    const data = join(folder, "few");
    await Deno.mkdir(data);
    for (let i = 0; i < 3; i++) await writePair(data, `clip${i}`, i);
    const few = await whence(["model", "calibrate", model, "--data", data]);
    assert.equal(few.code, 2);
    assert.match(few.stderr, /^Cannot calibrate .*at least 8 clips for sound, got 3\n$/);
    const none = await whence(["model", "calibrate", model, "--data", folder]);
    assert.equal(none.code, 1);
    assert.match(none.stderr, /^Cannot [^\n]+\n$/);
    assert.equal(await Deno.readTextFile(join(model, "model.yaml")), before);
  });
});
