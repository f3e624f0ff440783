import assert from "node:assert/strict";
import { join } from "node:path";
import { readPicture } from "../../../src/evaluation/datasets/picture.ts";
import type { ClipGrounder } from "../../../src/evaluation/runs/clip_grounder.ts";
import { evaluateScenes } from "../../../src/evaluation/runs/evaluate_scenes.ts";
import { meanOverTime } from "../../../src/evaluation/metrics/heat_map.ts";
import { measureScene } from "../../../src/evaluation/runs/measure_scene.ts";
import { resizeBilinear, type Size } from "../../../src/core/resize_bilinear.ts";
import { readSceneSet } from "../../../src/evaluation/datasets/scene_set.ts";
import {
  boxMask,
  madePicture,
  madeSound,
  scratch,
  writePng,
  writeScenes,
  writeWav,
} from "../made_scenes.ts";
import { openMini } from "../mini_grounder.ts";

/** Twice as wide as the model's picture, so that maps must find their way back. */
function sourceSize({ size }: ClipGrounder): Size {
  return { width: 2 * size.width, height: size.height };
}

const SECONDS = 1.6;

interface Planted {
  readonly seed: number;
  readonly kind: "sound" | "speech";
  readonly onset: number;
  readonly offset: number;
}

/**
 * Where the model points, worked out here from its features and nothing else: the mask of a scene can then be laid under
 * the peak, or anywhere but there.
 */
async function peakOf(grounder: ClipGrounder, { seed, kind, onset, offset }: Planted) {
  const { width, height } = grounder.size;
  const source = sourceSize(grounder);
  const wide = madePicture(seed, source.width, source.height);
  const narrow = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const [x, y, channel] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width), i % 3];
    const at = (column: number) =>
      wide[3 * (y * source.width + Math.max(0, Math.min(source.width - 1, column))) + channel];
    return Math.round((at(2 * x - 1) + 3 * at(2 * x) + 3 * at(2 * x + 1) + at(2 * x + 2)) / 8);
  });
  const audio = await grounder.encodeSound(madeSound(seed, SECONDS));
  const image = await grounder.encodePicture({ width, height, data: narrow });
  const head = grounder.manifest.heads.findIndex((candidate) => candidate.kind === kind);
  const code = audio.channels / grounder.manifest.heads.length;
  const volume = new Float32Array(audio.cells * image.cells);
  for (let step = 0; step < audio.cells; step++) {
    for (let cell = 0; cell < image.cells; cell++) {
      for (let c = head * code; c < (head + 1) * code; c++) {
        volume[step * image.cells + cell] += audio.data[c * audio.cells + step] *
          image.data[c * image.cells + cell];
      }
    }
  }
  const { feature_rate, first_feature } = grounder.manifest.audio;
  const times = Array.from(
    { length: audio.cells },
    (_, step) => first_feature + step / feature_rate,
  );
  const mask = times.map((time) => time >= onset && time < offset ? 1 : 0);
  const map = resizeBilinear(meanOverTime(volume, mask), grounder.grid, source);
  const peak = map.indexOf(map.reduce((a, b) => Math.max(a, b)));
  return {
    x: (peak % source.width + 0.5) / source.width,
    y: (Math.floor(peak / source.width) + 0.5) / source.height,
  };
}

const around = ({ x, y }: { x: number; y: number }) => [x - 0.1, y - 0.15, x + 0.1, y + 0.15];
const awayFrom = ({ x }: { x: number }) => x < 0.5 ? [0.75, 0, 1, 1] : [0, 0, 0.25, 1];

async function plant(folder: string, grounder: ClipGrounder, planted: Planted, hit: boolean) {
  const id = `${planted.kind}-${planted.seed}`;
  const { width, height } = sourceSize(grounder);
  const box = hit
    ? around(await peakOf(grounder, planted))
    : awayFrom(await peakOf(grounder, planted));
  await writePng(
    join(folder, `${id}.png`),
    madePicture(planted.seed, width, height),
    width,
    height,
  );
  await writePng(join(folder, `${id}-mask.png`), boxMask(width, height, box), width, height);
  await writeWav(join(folder, `${id}.wav`), madeSound(planted.seed, SECONDS));
  const { kind, onset, offset } = planted;
  const mask = `${id}-mask.png`;
  return {
    id,
    pool: hit ? "found" : "missed",
    image: `${id}.png`,
    audio: `${id}.wav`,
    objects: [] as object[],
    targets: [{ kind, name: id, onset, offset, mask, box }],
  };
}

Deno.test("scenes are measured with the shipped model", async (t) => {
  await using mini = await openMini();
  const { grounder } = mini;
  await using folder = await scratch();
  await using resume = await scratch();
  const root = folder.path;
  const planted = [1, 2, 3, 4].flatMap((seed): Planted[] => [
    { seed, kind: "sound", onset: 0.2, offset: 0.9 },
    { seed, kind: "speech", onset: 0.7, offset: 1.3 },
  ]);
  const scenes: Awaited<ReturnType<typeof plant>>[] = [];
  for (const one of planted) scenes.push(await plant(root, grounder, one, one.seed !== 4));
  const options = { retrievalPairs: 5, resumeFolder: resume.path };
  const run = async (list: readonly object[], more = {}) => {
    await writeScenes(root, list);
    return await evaluateScenes(grounder, await readSceneSet(root), { ...options, ...more });
  };

  await t.step("a mask under the peak is a hit, one elsewhere is not", async () => {
    const report = await run(scenes);
    assert.equal(report.pools.found.n, 6);
    assert.equal(report.pools.found.pointing, 1);
    assert.equal(report.pools.missed.n, 2);
    assert.equal(report.pools.missed.pointing, 0);
    const { found } = report.pools;
    const chance = report.baseline.pools.found.pointing ?? 1;
    assert.ok((found.ap ?? 0) > chance && (found.iou ?? 0) > chance);
    assert.equal(found.false_alarm, null);
    assert.deepEqual(report.mixture, { sound: null, speech: null });
    assert.equal(report.retrieval_n, 5);
    assert.ok(report.ap_dis !== null && report.ap_dis > 0 && report.ap_dis <= 1);
    assert.equal(report.model, `denseav-mini@${grounder.manifest.version}`);
  });

  await t.step("the baseline is the mask's share of the picture", async () => {
    const { baseline } = await run(scenes);
    assert.equal(baseline.pools.missed.pointing, 0.25);
    assert.equal(baseline.pools.missed.ap, 0.25);
    assert.equal(baseline.pools.missed.iou, 0.25);
  });

  await t.step("of several objects the one with the highest peak is chosen", async () => {
    const [scene] = scenes;
    const { width, height } = sourceSize(grounder);
    await writePng(
      join(root, "other.png"),
      boxMask(width, height, awayFrom(await peakOf(grounder, planted[0]))),
      width,
      height,
    );
    const objects = [{ name: "other", mask: "other.png" }, {
      name: scene.targets[0].name,
      mask: scene.targets[0].mask,
    }];
    const report = await run([{ ...scene, objects }]);
    assert.equal(report.choice.found, 1);
    assert.equal(report.baseline.pools.found.choice, 0.5);
    const swapped = [{ ...scene.targets[0], name: "other", mask: "other.png" }];
    const wrong = await run([{ ...scene, objects, targets: swapped }]);
    assert.equal(wrong.choice.found, 0);
  });

  await t.step("a sound and a word at the same time count as a mixture", async () => {
    const own = await plant(root, grounder, planted[0], true);
    const word = { ...own.targets[0], kind: "speech", name: "word", onset: 0.5, offset: 1 };
    const { mixture, pools, ap_dis } = await run([{ ...own, targets: [own.targets[0], word] }]);
    assert.equal(mixture.sound, 1);
    assert.ok(mixture.speech === 0 || mixture.speech === 1);
    assert.equal(pools.found.n, 1);
    assert.equal(ap_dis, null);
  });

  await t.step(
    "head scores are means over the target's time, a negative's is its top",
    async () => {
      await writeScenes(root, [scenes[0], { ...scenes[1], targets: [] }]);
      const [matched, negative] = (await readSceneSet(root)).scenes;
      const { result, audio, image } = await measureScene(grounder, root, matched);
      const { activation, steps } = await grounder.volume(audio, image);
      const { feature_rate, first_feature } = grounder.manifest.audio;
      const inTime = [...Array(steps).keys()].filter((step) => {
        const time = first_feature + step / feature_rate;
        return time >= planted[0].onset && time < planted[0].offset;
      });
      assert.ok(inTime.length > 0 && inTime.length < steps);
      grounder.manifest.heads.forEach((_, head) => {
        const sum = inTime.reduce((total, step) => total + activation[head * steps + step], 0);
        const got = result.headScores?.dense[head] ?? NaN;
        assert.ok(Math.abs(got - sum / inTime.length) < 1e-4, `head ${head}`);
      });
      assert.equal(result.topScore, null);
      const none = await measureScene(grounder, root, negative);
      const silent = await grounder.volume(none.audio, none.image);
      const scores = [...silent.activation].map((value, i) => {
        const calibration = grounder.manifest.heads[Math.floor(i / silent.steps)].calibration;
        return calibration
          ? 1 / (1 + Math.exp(-calibration.slope * value - calibration.offset))
          : 0;
      });
      assert.ok(Math.abs((none.result.topScore ?? NaN) - Math.max(...scores)) < 1e-5);
      const report = await run([{ ...scenes[1], targets: [] }]);
      assert.equal(report.pools.found.false_alarm, Math.max(...scores) >= 0.6 ? 1 : 0);
      assert.equal(report.pools.found.pointing, null);
    },
  );

  await t.step("an interrupted run resumes and gives the same result", async () => {
    const whole = await run(scenes);
    const measured: number[] = [];
    const stop = new AbortController();
    const cut = run(scenes, {
      signal: stop.signal,
      onProgress: (done: number) => done === 3 && stop.abort(),
    });
    await assert.rejects(cut, { name: "AbortError" });
    const [left] = [...Deno.readDirSync(resume.path)];
    const lines = (await Deno.readTextFile(join(resume.path, left.name))).trimEnd().split("\n");
    assert.equal(lines.length, 3);
    lines[0] = lines[0].replace('"hit":true', '"hit":false');
    await Deno.writeTextFile(join(resume.path, left.name), `${lines.join("\n")}\n{"id":"cut o`);
    const rest = await run(scenes, { onProgress: (done: number) => measured.push(done) });
    assert.equal(rest.pools.found.pointing, 5 / 6, "the kept result was used");
    assert.deepEqual(rest.retrieval, whole.retrieval);
    assert.deepEqual([...Deno.readDirSync(resume.path)], []);
  });

  await t.step("contact sheets show the scenes", async () => {
    await using pictures = await scratch();
    await run(scenes, { pictures: pictures.path });
    const sheet = await readPicture(join(pictures.path, "sheet-001.png"));
    const { width, height } = sourceSize(grounder);
    const panel = Math.round(192 * width / height);
    assert.deepEqual([sheet.width, sheet.height], [3 * (2 * panel + 8), 3 * (212 + 8)]);
    const tile = await readPicture(join(pictures.path, "scenes", "sound-1.png"));
    const pixel = (x: number, y: number) => [
      ...tile.data.subarray(3 * (y * tile.width + x)).subarray(0, 3),
    ];
    const { x, y } = await peakOf(grounder, planted[0]);
    const plain = pixel(Math.floor(x * panel), Math.floor(y * 192));
    const heated = pixel(panel + Math.floor(x * panel), Math.floor(y * 192));
    assert.notDeepEqual(plain, heated);
    const left = Array.from({ length: 192 }, (_, row) => pixel(Math.floor(x * panel), row));
    assert.ok(left.some((color) => color.every((value) => value === 255)), "outline");
  });
});
