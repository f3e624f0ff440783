import assert from "node:assert/strict";
import sharp from "sharp";
import { fitGeometry } from "../../src/core/fit_geometry.ts";
import { HEAD_COLORS } from "../../src/core/head_colors.ts";
import type { WhenceEvent } from "../../src/events/event.ts";
import { drawPublishedPicture, type PublishedPicture } from "../../src/record/published_picture.ts";
import { sampleEvent } from "../support/sample_event.ts";

const GRAY = [100, 100, 100];

async function jpegOf(width: number, height: number, data?: Uint8Array): Promise<Uint8Array> {
  const image = data
    ? sharp(data, { raw: { width, height, channels: 3 } })
    : sharp({ create: { width, height, channels: 3, background: "rgb(100,100,100)" } });
  return new Uint8Array(await image.jpeg({ quality: 95 }).toBuffer());
}

async function draw(
  picture: PublishedPicture["picture"],
  changes: Partial<WhenceEvent> = {},
  size = { width: 800, height: 600 },
) {
  // Heat in one cell of 8 × 8: its center is at 3.5 / 8 of both axes.
  const values = new Float32Array(64);
  values[27] = 2;
  const file = await drawPublishedPicture({
    picture,
    event: sampleEvent({ box: [0.3, 0.3, 0.7, 0.7], peak: [3.5 / 8, 3.5 / 8], ...changes }),
    heatMap: { values, width: 8, height: 8 },
    fit: fitGeometry({ ...size, parN: 1, parD: 1 }, "stretch", 64, 64),
  });
  const { data, info } = await sharp(file.data).raw().toBuffer({ resolveWithObject: true });
  assert.deepEqual([info.width, info.height], [file.width, file.height]);
  assert.equal(file.contentType, "image/jpeg");
  const at = (x: number, y: number) => {
    const offset = (Math.floor(y * info.height) * info.width + Math.floor(x * info.width)) * 3;
    return [...data.subarray(offset, offset + 3)];
  };
  return { file, at, data };
}

const near = (actual: readonly number[], expected: readonly number[], what: string) =>
  assert.ok(
    actual.every((value, i) => Math.abs(value - expected[i]) <= 24),
    `${what}: expected about ${expected}, got ${actual}`,
  );

Deno.test("the camera's picture keeps its size and its pixels where nothing is drawn", async () => {
  const { file, at } = await draw(await jpegOf(800, 600));
  assert.deepEqual([file.width, file.height], [800, 600]);
  near(at(0.95, 0.95), GRAY, "outside the box");
  near(at(0.6, 0.62), GRAY, "inside the box, away from the heat");
});

Deno.test("box, peak and label are drawn in the kind's color", async () => {
  for (const kind of ["sound", "speech"] as const) {
    const { at, data } = await draw(await jpegOf(800, 600), { kind });
    const radius = 6 * 800 / 640 / 800;
    near(at(3.5 / 8 + radius, 3.5 / 8), HEAD_COLORS[kind], `the ring around the peak, ${kind}`);
    const colored = colors(data, HEAD_COLORS[kind]);
    assert.ok(colored > 500, `${colored} pixels in the color of ${kind}`);
    // The plate of the label is above the box.
    near(at(0.305, 0.25), [22, 22, 22], "the label's plate");
  }
});

Deno.test("a frame of the model is shown in the source's proportions", async () => {
  const frame = { data: new Uint8Array(64 * 64 * 3).fill(100), width: 64, height: 64 };
  const { file, at } = await draw(frame, {}, { width: 1920, height: 1080 });
  assert.deepEqual([file.width, file.height], [640, 360]);
  near(at(0.95, 0.95), GRAY, "outside the box");
});

Deno.test("even noise fits into 256 kB, as large as possible", async () => {
  const [width, height] = [1280, 720];
  const noise = new Uint8Array(width * height * 3);
  for (let at = 0; at < noise.length; at += 65_536) {
    crypto.getRandomValues(noise.subarray(at, at + 65_536));
  }
  const { file } = await draw(await jpegOf(width, height, noise), {}, { width, height });
  assert.ok(file.data.length <= 256_000, `${file.data.length} bytes`);
  assert.ok(file.width >= 640, `${file.width} pixels`);
});

Deno.test("an event of the picture's size, or none, can be drawn", async () => {
  for (const box of [[0, 0, 1, 1], [1, 1, 1, 1]] as const) {
    const { file } = await draw(await jpegOf(40, 30), { box: [...box], peak: [1, 1] });
    assert.deepEqual([file.width, file.height], [40, 30]);
  }
});

function colors(data: Uint8Array, [red, green, blue]: readonly number[]): number {
  let count = 0;
  for (let i = 0; i < data.length; i += 3) {
    const away = Math.abs(data[i] - red) + Math.abs(data[i + 1] - green) +
      Math.abs(data[i + 2] - blue);
    if (away < 60) count++;
  }
  return count;
}
