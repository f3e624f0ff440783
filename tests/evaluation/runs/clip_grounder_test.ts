import assert from "node:assert/strict";
import { scoreAll, scorePairs } from "../../../src/evaluation/metrics/aggregation.ts";
import { encodedClip, retrievalResult } from "../../../src/evaluation/metrics/pair_retrieval.ts";
import { recalls } from "../../../src/evaluation/metrics/recall.ts";
import { SoundGallery } from "../../../src/evaluation/runs/sound_gallery.ts";
import { madePicture, madeSound } from "../made_scenes.ts";
import { openMini } from "../mini_grounder.ts";

function assertNear(got: ArrayLike<number>, expected: ArrayLike<number>) {
  assert.equal(got.length, expected.length);
  for (let i = 0; i < got.length; i++) {
    assert.ok(
      Math.abs(got[i] - expected[i]) < 1e-4,
      `[${i}] expected ${expected[i]}, got ${got[i]}`,
    );
  }
}

Deno.test("the shipped model's volumes and scores equal the plain computation", async (t) => {
  await using mini = await openMini();
  const { grounder } = mini;
  const { width, height } = grounder.size;
  const heads = grounder.manifest.heads.length;
  const pictures = await Promise.all(
    [1, 2, 3].map((seed) =>
      grounder.encodePicture({ width, height, data: madePicture(seed, width, height) })
    ),
  );
  const sounds = await Promise.all(
    [[1, 1], [2, 1.5], [3, 0.8]].map(([seed, seconds]) =>
      grounder.encodeSound(madeSound(seed, seconds))
    ),
  );
  const ones = sounds.map((sound) => new Uint8Array(sound.cells).fill(1));

  await t.step("activation is the volume's maximum over the picture", async () => {
    const { volume, activation, steps } = await grounder.volume(sounds[0], pictures[0]);
    assert.equal(steps, sounds[0].cells);
    const cells = pictures[0].cells;
    assert.equal(volume.length, heads * steps * cells);
    const largest = activation.map((_, i) =>
      Math.max(...volume.subarray(i * cells, (i + 1) * cells))
    );
    assertNear(activation, largest);
    const perHead = scorePairs(sounds[0], pictures[0], ones, { heads });
    for (let head = 0; head < heads; head++) {
      const row = activation.subarray(head * steps, (head + 1) * steps);
      assertNear([row.reduce((sum, value) => sum + value, 0) / steps], [perHead[head]]);
    }
  });

  await t.step("retrieval ranks by the sum of the heads", async () => {
    const clips = sounds.map((audio, i) => encodedClip(audio, ones[i]));
    const gallery = new SoundGallery(grounder, clips);
    const scores = [];
    for (const picture of pictures) scores.push(await gallery.score(picture));
    const similarity = new Float32Array(9);
    for (const [a, sound] of sounds.entries()) {
      for (const [v, picture] of pictures.entries()) {
        const perHead = scoreAll(sound, picture, [ones[a]], { heads });
        similarity[3 * a + v] = perHead.reduce((sum, value) => sum + value, 0);
        assertNear([scores[v].dense[a]], [similarity[3 * a + v]]);
      }
    }
    assert.deepEqual(retrievalResult(scores).dense, recalls(similarity, 3));
    const part = Float32Array.of(similarity[0], similarity[2], similarity[6], similarity[8]);
    assert.deepEqual(retrievalResult(scores, [0, 2]).dense, recalls(part, 2));
  });

  await t.step("class tokens add their heads' products", async () => {
    const tokens = (scale: number) =>
      Float32Array.from({ length: grounder.manifest.channels }, (_, c) => scale * Math.sin(c));
    const audio = { ...sounds[0], classTokens: tokens(1) };
    const image = { ...pictures[0], classTokens: tokens(0.5) };
    const plain = scorePairs(audio, image, ones, { heads });
    const { activation } = await grounder.volume(audio, image);
    const gallery = new SoundGallery(grounder, [encodedClip(audio, ones[0])]);
    const { dense } = await gallery.score(image);
    assertNear(dense, [plain.reduce((sum, value) => sum + value, 0)]);
    for (let head = 0; head < heads; head++) {
      const row = activation.subarray(head * audio.cells, (head + 1) * audio.cells);
      assertNear([row.reduce((sum, value) => sum + value, 0) / audio.cells], [plain[head]]);
    }
  });

  await t.step("a clip shorter than the encoder accepts is padded", async () => {
    const { cells } = await grounder.encodeSound(new Float32Array(10));
    assert.ok(cells >= 1);
  });
});
