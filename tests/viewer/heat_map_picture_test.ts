import assert from "node:assert/strict";
import sharp from "sharp";
import { fitGeometry } from "../../src/core/fit_geometry.ts";
import { drawHeatMap, type HeatMapPicture } from "../../src/viewer/heat_map_picture.ts";

const SIZE = 64;

/** A gray frame with a heat map that is high in one cell of 8 × 8. */
function picture(changes: Partial<HeatMapPicture> & { hot?: number } = {}): HeatMapPicture {
  const { hot = 27, ...rest } = changes;
  const heatMap = new Float32Array(64);
  heatMap[hot] = 2;
  return {
    frame: new Uint8Array(SIZE * SIZE * 3).fill(100),
    frameWidth: SIZE,
    frameHeight: SIZE,
    heatMap,
    gridWidth: 8,
    gridHeight: 8,
    fit: fitGeometry({ width: 160, height: 90, parN: 1, parD: 1 }, "stretch", SIZE, SIZE),
    box: [0.5, 0.5, 0.9, 0.9],
    peak: [0.7, 0.7],
    kind: "speech",
    ...rest,
  };
}

async function draw(picture: HeatMapPicture) {
  const file = await drawHeatMap(picture);
  const { data, info } = await sharp(file.data).raw().toBuffer({ resolveWithObject: true });
  assert.deepEqual([info.width, info.height], [file.width, file.height]);
  const at = (x: number, y: number) => {
    const offset = (Math.floor(y * info.height) * info.width + Math.floor(x * info.width)) * 3;
    return [...data.subarray(offset, offset + 3)];
  };
  return { file, at };
}

const near = (actual: readonly number[], expected: readonly number[], what: string) =>
  assert.ok(
    actual.every((value, i) => Math.abs(value - expected[i]) <= 16),
    `${what}: expected about ${expected}, got ${actual}`,
  );
const GRAY = [100, 100, 100];
const BLACK = [0, 0, 0];
/** 70 % of the kind's color over gray. */
const HOT_SPEECH = [64, 131, 209];
const HOT_SOUND = [209, 97, 52];

Deno.test("a picture shows the frame, the heat in the kind's color, the box and the peak", async () => {
  const { file, at } = await draw(picture());
  assert.equal(file.contentType, "image/jpeg");
  assert.deepEqual([...file.data.subarray(0, 3)], [0xff, 0xd8, 0xff]);
  assert.deepEqual([file.width, file.height], [640, 360]);
  near(at(0.98, 0.02), GRAY, "far from the heat");
  near(at(3.5 / 8, 3.5 / 8), HOT_SPEECH, "the hot cell");
  near(at(4.5 / 8, 3.5 / 8), GRAY, "the center of the next cell");
  near(at(0.5 + 1 / 640, 0.75), [48, 144, 255], "the box's left edge");
  near(at(0.9 - 2 / 640, 0.75), [48, 144, 255], "the box's right edge");
  near(at(0.7, 0.7), GRAY, "inside the ring around the peak");
  near(at(0.7 + 7 / 640, 0.7), [255, 255, 255], "the ring around the peak");
  near((await draw(picture({ kind: "sound" }))).at(3.5 / 8, 3.5 / 8), HOT_SOUND, "sound");
});

Deno.test("a letterboxed picture shows the whole source without its bars", async () => {
  // 64 × 64 with the source in 64 × 36: the bars are 14 pixels, which is not a whole cell.
  const fit = fitGeometry({ width: 1920, height: 1080, parN: 1, parD: 1 }, "letterbox", 64, 64);
  const frame = new Uint8Array(SIZE * SIZE * 3).fill(255);
  frame.fill(100, 14 * SIZE * 3, 50 * SIZE * 3);
  const { file, at } = await draw(picture({ fit, frame }));
  assert.deepEqual([file.width, file.height], [640, 360]);
  near(at(0.9, 0.004), GRAY, "the top");
  near(at(0.9, 0.996), GRAY, "the bottom");
  // The center of the hot cell is at pixel 28 of the model's picture: 14 below the bar, of 36.
  near(at(3.5 / 8, 14 / 36), HOT_SPEECH, "the hot cell");
});

Deno.test("what a cropped picture does not show is black", async () => {
  const fit = fitGeometry({ width: 1920, height: 1080, parN: 1, parD: 1 }, "crop", 64, 64);
  const { file, at } = await draw(picture({ fit, hot: 24 }));
  assert.deepEqual([file.width, file.height], [640, 360]);
  near(at(0.1, 0.1), BLACK, "left of the crop");
  near(at(0.95, 0.95), BLACK, "right of the crop");
  near(at(0.24, 0.95), GRAY, "the crop's left edge");
  near(at(0.76, 0.05), GRAY, "the crop's right edge");
  const cell = (1080 / 1920) / 8;
  near(at((1 - 1080 / 1920) / 2 + cell / 4, 3.5 / 8), HOT_SPEECH, "the hot cell at its left edge");
});

Deno.test("a portrait picture is at most 640 pixels high", async () => {
  const fit = fitGeometry({ width: 1080, height: 1920, parN: 1, parD: 1 }, "stretch", 64, 64);
  const { file } = await draw(picture({ fit }));
  assert.deepEqual([file.width, file.height], [360, 640]);
});

Deno.test("an event without heat, a box of no size and extreme shapes can be drawn", async () => {
  const flat = picture({ heatMap: new Float32Array(64), box: [1, 1, 1, 1], peak: [1, 1] });
  near((await draw(flat)).at(0.4, 0.4), GRAY, "no heat");
  for (const [width, height] of [[5_000, 1], [1, 5_000]]) {
    const fit = fitGeometry({ width, height, parN: 1, parD: 1 }, "letterbox", 64, 64);
    const { file } = await draw(picture({ fit }));
    assert.deepEqual([Math.max(file.width, file.height), Math.min(file.width, file.height)], [
      640,
      1,
    ]);
  }
});

Deno.test("even noise fits into 64 kB", async () => {
  const frameWidth = 640;
  const frame = new Uint8Array(frameWidth * frameWidth * 3);
  for (let at = 0; at < frame.length; at += 65_536) {
    crypto.getRandomValues(frame.subarray(at, at + 65_536));
  }
  const fit = fitGeometry({ width: 640, height: 640, parN: 1, parD: 1 }, "stretch", 640, 640);
  const { file } = await draw(picture({ frame, frameWidth, frameHeight: frameWidth, fit }));
  assert.ok(file.data.length <= 64_000, `${file.data.length} bytes`);
  assert.ok(file.width >= 160, `${file.width} pixels`);
});
