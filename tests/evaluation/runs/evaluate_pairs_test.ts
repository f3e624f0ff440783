import assert from "node:assert/strict";
import { join } from "node:path";
import sharp from "sharp";
import { disentanglement } from "../../../src/evaluation/metrics/disentanglement.ts";
import {
  evaluateDisentanglement,
  evaluateRetrieval,
} from "../../../src/evaluation/runs/evaluate_pairs.ts";
import { findPairSets } from "../../../src/evaluation/datasets/pair_set.ts";
import { recalls } from "../../../src/evaluation/metrics/recall.ts";
import type { Size } from "../../../src/core/resize_bilinear.ts";
import { normalizeSound } from "../../../src/evaluation/datasets/sound.ts";
import type { ClipGrounder } from "../../../src/evaluation/runs/clip_grounder.ts";
import { madePicture, madeSound, scratch, writeScenes, writeWav } from "../made_scenes.ts";
import { wavFile } from "../../support/wav.ts";
import { openMini } from "../mini_grounder.ts";

const PADDED = 164200;

async function writeJpeg(file: string, seed: number, { width, height }: Size) {
  const raw = { width, height, channels: 3 as const };
  await sharp(madePicture(seed, width, height), { raw }).jpeg({ quality: 100 }).toFile(file);
}

/** The folders and lists of Places Audio and of AudioSet as the original's loaders want them. */
async function writePublished(root: string, size: Size) {
  const places = join(root, "PlacesAudio_400k_distro");
  for (
    const folder of [
      join(places, "metadata"),
      join(places, "wavs", "1"),
      join(root, "places_subset", "a"),
      join(root, "audioset-eval", "metadata"),
      join(root, "audioset-eval", "frames"),
      join(root, "audioset-eval", "audio"),
    ]
  ) await Deno.mkdir(folder, { recursive: true });
  const data = [];
  for (const seed of [11, 12, 13, 14]) {
    data.push({ uttid: `u${seed}`, wav: `wavs/1/u${seed}.wav`, image: `a/${seed}.jpg` });
    await writeJpeg(join(root, "places_subset", "a", `${seed}.jpg`), seed, size);
    await writeWav(join(places, "wavs", "1", `u${seed}.wav`), madeSound(seed, 1 + seed / 20));
  }
  await Deno.writeTextFile(
    join(places, "metadata", "val.json"),
    JSON.stringify({ image_base_path: "", data }),
  );
  const rows = ["YTID,start_seconds,end_seconds,positive_labels"];
  for (const seed of [21, 22, 23]) {
    const name = `y${seed}_30.0_40.5`;
    rows.push(`y${seed}, 30.000, 40.500, "/m/1,/m/2"`);
    await writeJpeg(join(root, "audioset-eval", "frames", `${name}_5.jpg`), seed, size);
    await Deno.writeFile(
      join(root, "audioset-eval", "audio", `${name}.mp3`),
      wavFile(madeSound(seed, 12)),
    );
  }
  await Deno.writeTextFile(
    join(root, "audioset-eval", "metadata", "eval_segments_subset.csv"),
    rows.join("\n"),
  );
}

/** Per-head activation averaged over the real part of the padded clip, from the encoders alone. */
async function plainScores(grounder: ClipGrounder, root: string, normalize: boolean) {
  const heads = grounder.manifest.heads.length;
  const places = [11, 12, 13, 14].map((seed) => ({
    samples: madeSound(seed, 1 + seed / 20),
    picture: join(root, "places_subset", "a", `${seed}.jpg`),
  }));
  const audioset = [21, 22, 23].map((seed) => ({
    samples: madeSound(seed, 12),
    picture: join(root, "audioset-eval", "frames", `y${seed}_30.0_40.5_5.jpg`),
  }));
  const encoded = async (list: typeof places) => {
    const out = [];
    for (const { samples, picture } of list) {
      const padded = new Float32Array(PADDED);
      // A WAV file keeps 16 bits.
      padded.set(samples.slice(0, PADDED).map((s) => Math.round(s * 32768) / 32768));
      const audio = await grounder.encodeSound(normalize ? normalizeSound(padded) : padded);
      const data = new Uint8Array(await sharp(picture).raw().toBuffer());
      const image = await grounder.encodePicture({ ...grounder.size, data });
      const real = Math.min(samples.length, PADDED);
      const steps = Array.from({ length: audio.cells }, (_, step): number => {
        const center = Math.max(0, (step + 0.5) * PADDED / audio.cells - 0.5);
        const [left, right] = [Math.floor(center), Math.floor(center) + 1];
        const weight = center - left;
        return (left < real ? 1 - weight : 0) + (right < real ? weight : 0) > 0.01 ? 1 : 0;
      });
      out.push({ audio, image, steps });
    }
    return out;
  };
  const score = async (a: Encoded, v: Encoded) => {
    const { activation } = await grounder.volume(a.audio, v.image);
    const count = a.steps.filter((on) => on).length;
    return Array.from(
      { length: heads },
      (_, head) =>
        a.steps.reduce((sum, on, step) => sum + on * activation[head * a.audio.cells + step], 0) /
        count,
    );
  };
  type Encoded = Awaited<ReturnType<typeof encoded>>[number];
  return { places: await encoded(places), audioset: await encoded(audioset), score };
}

Deno.test("published pairs are evaluated in the original's layout", async (t) => {
  await using mini = await openMini();
  const { grounder } = mini;
  await using folder = await scratch();
  await using resume = await scratch();
  await writePublished(folder.path, grounder.size);
  const options = { normalizeAudio: false, resumeFolder: resume.path };
  const sets = await findPairSets(folder.path);
  const { places, audioset, score } = await plainScores(grounder, folder.path, false);

  await t.step("both sets are found with their files", () => {
    assert.deepEqual(sets.map((set) => [set.name, set.pairs.length]), [["places", 4], [
      "audioset",
      3,
    ]]);
    assert.deepEqual([...new Set(sets.flatMap((set) => set.pairs.map((pair) => pair.kind)))], [
      "speech",
      "sound",
    ]);
  });

  await t.step("retrieval", async () => {
    for (const [set, encoded] of [[sets[0], places], [sets[1], audioset]] as const) {
      const n = encoded.length;
      const similarity = new Float32Array(n * n);
      for (const [a, sound] of encoded.entries()) {
        for (const [v, picture] of encoded.entries()) {
          const perHead = await score(sound, picture);
          similarity[a * n + v] = perHead.reduce((sum, value) => sum + value, 0);
        }
      }
      const result = await evaluateRetrieval(grounder, set, options);
      assert.deepEqual(result.dense, recalls(similarity, n));
      assert.equal(result.n, n);
    }
  });

  await t.step("disentanglement, raw and normalized", async () => {
    for (const normalizeAudio of [false, true]) {
      const plain = await plainScores(grounder, folder.path, normalizeAudio);
      const words = [];
      for (const pair of plain.places) words.push(await plain.score(pair, pair));
      const sounds = [];
      for (const pair of plain.audioset) sounds.push(await plain.score(pair, pair));
      const expected = disentanglement(words, sounds);
      const got = await evaluateDisentanglement(grounder, sets, { ...options, normalizeAudio });
      assert.ok(expected && Math.abs(got.dense.apDis - expected.apDis) < 1e-5);
      // Scores of made-up pairs are close together: scaling them to 0..1 enlarges the encoders' rounding.
      assert.ok(Math.abs(got.dense.actDis - expected.actDis) < 1e-3);
      assert.deepEqual([got.speech, got.sound], [4, 3]);
    }
  });

  await t.step("a resumed retrieval does not encode pictures again", async () => {
    const whole = await evaluateRetrieval(grounder, sets[0], options);
    const stop = new AbortController();
    const cut = evaluateRetrieval(grounder, sets[0], {
      ...options,
      signal: stop.signal,
      onProgress: (done, _, what) => what === "pairs" && done === 2 && stop.abort(),
    });
    await assert.rejects(cut, { name: "AbortError" });
    for (const seed of [11, 12]) {
      await Deno.remove(join(folder.path, "places_subset", "a", `${seed}.jpg`));
    }
    assert.deepEqual(await evaluateRetrieval(grounder, sets[0], options), whole);
    await assert.rejects(
      evaluateRetrieval(grounder, sets[0], options),
      /11\.jpg: no such file/,
    );
  });
});

Deno.test("pairs of a scene set have the time during which something is heard", async () => {
  await using folder = await scratch();
  const target = { kind: "sound", name: "dog", onset: 0.5, offset: 1, mask: "m.png" };
  const scene = { id: "a", pool: "p", image: "a.png", audio: "a.wav", targets: [target] };
  const word = { ...target, kind: "speech" };
  await writeScenes(folder.path, [
    scene,
    { ...scene, id: "both", targets: [target, word] },
    { ...scene, id: "nothing", targets: [] },
    { ...scene, id: "word", targets: [word] },
  ]);
  const [{ pairs, published }] = await findPairSets(folder.path);
  assert.equal(published, false);
  assert.deepEqual(pairs.map(({ id, kind }) => [id, kind]), [["a", "sound"], ["word", "speech"]]);
  assert.equal(pairs[0].heard?.[0].onset, 0.5);
});

Deno.test("a folder without pairs, or with an invalid list, is rejected", async () => {
  await using folder = await scratch();
  await assert.rejects(findPairSets(folder.path), /must contain scenes\.jsonl, PlacesAudio/);
  await Deno.mkdir(join(folder.path, "audioset-eval", "metadata"), { recursive: true });
  const list = join(folder.path, "audioset-eval", "metadata", "eval_segments_subset.csv");
  await assert.rejects(findPairSets(folder.path), /must be a CSV file, got: /);
  await Deno.writeTextFile(list, "YTID,start_seconds\na,30\n");
  await assert.rejects(findPairSets(folder.path), /0\.end_seconds: /);
});
