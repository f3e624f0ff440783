import assert from "node:assert/strict";
import { join } from "node:path";
import { ROWS, writeAde20k } from "../../evaluation/made_ade20k.ts";
import {
  boxMask,
  madePicture,
  madeSound,
  scratch,
  writePng,
  writeScenes,
  writeWav,
} from "../../evaluation/made_scenes.ts";
import { whence } from "../whence.ts";

const SIDE = 128;

/** Two scenes with sounds, two with words, one of which has a sound too, and one with no targets. */
async function madeSet(folder: string): Promise<void> {
  const scenes = [];
  for (
    const [id, ...kinds] of [["a", "sound"], ["b", "speech"], ["c", "sound"], ["d", "speech"], [
      "e",
      "sound",
      "speech",
    ], ["f"]]
  ) {
    const seed = id.charCodeAt(0);
    await writePng(join(folder, `${id}.png`), madePicture(seed, SIDE, SIDE), SIDE, SIDE);
    await writePng(
      join(folder, `${id}-mask.png`),
      boxMask(SIDE, SIDE, [0.25, 0.25, 0.75, 0.75]),
      SIDE,
      SIDE,
    );
    await writeWav(join(folder, `${id}.wav`), madeSound(seed, 1.2));
    const targets = kinds.map((kind) => ({
      kind,
      name: `thing-${id}`,
      onset: 0.1,
      offset: 1,
      mask: `${id}-mask.png`,
      box: [0.25, 0.25, 0.75, 0.75],
    }));
    const pool = kinds.join("+") || "nothing";
    scenes.push({ id, pool, image: `${id}.png`, audio: `${id}.wav`, objects: [], targets });
  }
  await writeScenes(folder, scenes);
}

Deno.test("evaluate", async (t) => {
  await using folder = await scratch();
  await using cwd = await scratch();
  await madeSet(folder.path);
  const run = (...args: string[]) =>
    whence(["evaluate", ...args, "--model", "denseav-mini"], { cwd: cwd.path });

  await t.step("scenes --json has the figures by name", async () => {
    const { code, stdout, stderr } = await run("scenes", folder.path, "--json");
    assert.equal(code, 0, stderr);
    assert.equal(stderr, "");
    const report = JSON.parse(stdout);
    assert.deepEqual(Object.keys(report.pools), ["sound", "speech", "sound+speech", "nothing"]);
    for (const figures of Object.values(report.pools)) {
      assert.deepEqual(Object.keys(figures as object), [
        "n",
        "pointing",
        "pointing_any_head",
        "ap",
        "iou",
        "false_alarm",
        "unlocated",
      ]);
    }
    assert.deepEqual(Object.keys(report.mixture), ["sound", "speech"]);
    assert.equal(report.pools.nothing.pointing, null);
    assert.ok([0, 1].includes(report.pools.nothing.false_alarm));
    assert.ok(report.pools.sound.ap > 0 && report.pools.sound.ap <= 1);
    assert.equal(typeof report.ap_dis, "number");
    assert.equal(typeof report.act_dis, "number");
    for (const way of ["a2i", "i2a"]) {
      assert.deepEqual(Object.keys(report.retrieval[way]), ["r1", "r5", "r10"]);
      assert.equal(report.retrieval[way].r5, 1);
    }
    assert.deepEqual([report.retrieval_n, report.retrieval_by_kind.speech.n], [4, 2]);
    assert.equal(report.baseline.pools.sound.pointing, 0.25);
    assert.equal(report.runtime.provider, "cpu");
  });

  await t.step("scenes prints tables and draws sheets", async () => {
    const sheets = join(cwd.path, "sheets");
    const { code, stdout, stderr } = await run("scenes", folder.path, "--pictures", sheets);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^denseav-mini@\d+$/m);
    assert.match(stdout, /^ +pool +n +pointing +\(global\) +any head/m);
    assert.match(stdout, /^ +sound\+speech +1 +\d\.\d{3} +0\.250 /m);
    assert.match(stdout, /Retrieval among 4/);
    assert.match(stdout, /^ +words, among 2 +\d\.\d{3} +1\.000 +1\.000 /m);
    assert.match(stdout, /ran on cpu, ONNX Runtime \d+\.\d+/);
    assert.ok((await Deno.stat(join(sheets, "sheet-001.png"))).isFile);
  });

  await t.step("--limit uses fewer scenes", async () => {
    const { stdout } = await run("scenes", folder.path, "--json", "--limit", "2");
    const { pools } = JSON.parse(stdout) as { pools: Record<string, { n: number }> };
    assert.equal(Object.values(pools).reduce((sum, pool) => sum + pool.n, 0), 2);
  });

  await t.step("retrieval and disentanglement use the same folder", async () => {
    const retrieval = JSON.parse((await run("retrieval", folder.path, "--json")).stdout);
    assert.equal(retrieval.sets.scenes.n, 4);
    assert.equal(retrieval.sets.scenes.retrieval.i2a.r5, 1);
    const heads = JSON.parse((await run("disentanglement", folder.path, "--json")).stdout);
    assert.deepEqual(heads.n, { speech: 2, sound: 2 });
    const scenes = JSON.parse((await run("scenes", folder.path, "--json")).stdout);
    assert.equal(heads.ap_dis, scenes.ap_dis);
    assert.equal(heads.act_dis, scenes.act_dis);
    const { stdout } = await run("retrieval", folder.path);
    assert.match(stdout, /scenes: retrieval among 4/);
    const text = (await run("disentanglement", folder.path)).stdout;
    assert.match(text, /2 clips with words, 2 with sounds/);
    assert.match(text, /^ +dense +\d\.\d{3} +\d\.\d{3}$/m);
  });

  await t.step("prompted ADE20K is printed as published and corrected", async () => {
    await using ade = await scratch();
    await writeAde20k(ade.path, ROWS);
    const speech = await run("ade20k-speech", ade.path);
    assert.equal(speech.code, 0, speech.stderr);
    assert.match(speech.stdout, /3 prompts, 2 classes/);
    for (const line of ["whole clip", "word's time"]) {
      assert.match(speech.stdout, new RegExp(`${line}, as published +0\\.\\d{3} +0\\.\\d{3} `));
      assert.match(
        speech.stdout,
        new RegExp(`${line}, corrected +0\\.\\d{3} +0\\.\\d{3} +0 +0$`, "m"),
      );
    }
    const sound = JSON.parse((await run("ade20k-sound", ade.path, "--json")).stdout);
    assert.equal(sound.n, 3);
    assert.equal(sound.published.whole_clip.map, sound.corrected.whole_clip.map);
    assert.equal(sound.corrected.word, null);
    await writeAde20k(ade.path, [{ ...ROWS[0], timing: [0, 1] }]);
    const { stdout } = await run("ade20k-speech", ade.path);
    assert.match(stdout, /word's time, as published +- +- /);
    assert.match(stdout, /^ +Cannot compute the published word mask: steps must be in /m);
  });

  await t.step("unreadable input is reported in one line", async () => {
    const missing = await run("scenes", join(folder.path, "nowhere"));
    assert.equal(missing.code, 1);
    assert.match(
      missing.stderr,
      /^Cannot read the scenes: .*scenes\.jsonl must be a readable file\n$/,
    );
    await Deno.remove(join(folder.path, "b.wav"));
    const { code, stderr } = await run("scenes", folder.path);
    assert.equal(code, 1);
    assert.match(stderr, /^Cannot read .*b\.wav: no such file\n$/);
    const model = await whence(["evaluate", "scenes", folder.path, "--model", "missing"]);
    assert.equal(model.code, 1);
    assert.match(model.stderr, /^Cannot find model missing: .*denseav-mini.*\n$/);
    const usage = await run("scenes", folder.path, "--limit", "none");
    assert.equal(usage.code, 2);
    const threads = await run("scenes", folder.path, "--threads", "65");
    assert.match(threads.stderr, /^Cannot evaluate: --threads must be at most 64, got 65\n$/);
    const provider = await run("scenes", folder.path, "--providers", "abacus");
    assert.equal(provider.code, 2);
    assert.match(
      provider.stderr,
      /^Cannot evaluate: --providers must be a list of .*, got "abacus"\n$/,
    );
  });
});
