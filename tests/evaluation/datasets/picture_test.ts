import assert from "node:assert/strict";
import { join } from "node:path";
import sharp from "sharp";
import { readMask, readPicture, resizeNearest } from "../../../src/evaluation/datasets/picture.ts";
import { coverLabels, resamplePicture } from "../../../src/evaluation/datasets/resample_picture.ts";
import { madePicture, scratch, writePng } from "../made_scenes.ts";

Deno.test("PNG and JPEG are decoded to RGB", async () => {
  await using folder = await scratch();
  const data = madePicture(7, 40, 30);
  const png = join(folder.path, "picture.png");
  await writePng(png, data, 40, 30);
  assert.deepEqual(await readPicture(png), { width: 40, height: 30, data });
  const jpeg = join(folder.path, "picture.jpg");
  await sharp(png).jpeg({ quality: 95 }).toFile(jpeg);
  const { width, height, data: near } = await readPicture(jpeg);
  assert.deepEqual([width, height], [40, 30]);
  assert.ok(near.every((value, i) => Math.abs(value - data[i]) < 24));
});

Deno.test("gray and transparent pictures become RGB on black", async () => {
  await using folder = await scratch();
  const file = join(folder.path, "picture.png");
  await writePng(file, Uint8Array.of(0, 200), 2, 1);
  assert.deepEqual([...(await readPicture(file)).data], [0, 0, 0, 200, 200, 200]);
  assert.deepEqual([...(await readMask(file)).data], [0, 1]);
  await sharp({ create: { width: 1, height: 1, channels: 4, background: "#ff000000" } }).png()
    .toFile(file);
  assert.deepEqual([...(await readPicture(file)).data], [0, 0, 0]);
});

Deno.test("files that are not pictures are reported in one line", async () => {
  await using folder = await scratch();
  const file = join(folder.path, "picture.png");
  await Deno.writeTextFile(file, "no picture");
  await assert.rejects(readPicture(file), {
    name: "EvaluationError",
    message: /^Cannot read .*picture\.png: it must be a picture, got: .*$/,
  });
});

Deno.test("a picture of the target size is unchanged, a uniform one stays uniform", () => {
  const picture = { width: 4, height: 3, data: madePicture(1, 4, 3) };
  assert.deepEqual(resamplePicture(picture, { width: 4, height: 3 }), picture);
  const gray = { width: 5, height: 7, data: new Uint8Array(105).fill(90) };
  assert.ok(resamplePicture(gray, { width: 12, height: 3 }).data.every((value) => value === 90));
});

Deno.test("labels keep their values: nearest pixel, then center crop", () => {
  const labels = Uint16Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  const from = { width: 4, height: 2 };
  assert.deepEqual([...coverLabels(labels, from, { width: 2, height: 2 })], [2, 3, 6, 7]);
  assert.deepEqual([...coverLabels(labels, from, { width: 4, height: 4 })], [
    ...[2, 2, 3, 3, 2, 2, 3, 3],
    ...[6, 6, 7, 7, 6, 6, 7, 7],
  ]);
  const mask = resizeNearest(Uint8Array.of(1, 0, 0, 1), { width: 2, height: 2 }, from);
  assert.deepEqual([...mask], [1, 1, 0, 0, 0, 0, 1, 1]);
});
