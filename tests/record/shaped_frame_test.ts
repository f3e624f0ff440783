import assert from "node:assert/strict";
import { type Fit, fitGeometry } from "../../src/core/fit_geometry.ts";
import { shapedFrame } from "../../src/record/shaped_frame.ts";

const SIZE = 64;
const GRAY = [100, 100, 100];
const BLACK = [0, 0, 0];
const gray = () => new Uint8Array(SIZE * SIZE * 3).fill(100);

async function shape(source: { width: number; height: number }, fit: Fit, data = gray()) {
  const geometry = fitGeometry({ ...source, parN: 1, parD: 1 }, fit, SIZE, SIZE);
  const { data: pixels, width, height } = await shapedFrame(
    { data, width: SIZE, height: SIZE },
    geometry,
  );
  assert.equal(pixels.length, width * height * 3);
  const at = (x: number, y: number) => {
    const offset = (Math.floor(y * height) * width + Math.floor(x * width)) * 3;
    return [...pixels.subarray(offset, offset + 3)];
  };
  return { size: [width, height], at };
}

Deno.test("a stretched frame gets the source's proportions", async () => {
  const data = gray();
  // A white block in the middle quarter of both axes.
  for (let y = 24; y < 40; y++) data.fill(255, (y * SIZE + 24) * 3, (y * SIZE + 40) * 3);
  const { size, at } = await shape({ width: 160, height: 90 }, "stretch", data);
  assert.deepEqual(size, [640, 360]);
  assert.deepEqual(at(0.5, 0.5), [255, 255, 255]);
  assert.deepEqual(at(0.3, 0.5), GRAY);
  assert.deepEqual(at(0.5, 0.3), GRAY);
});

Deno.test("a letterboxed frame shows the whole source without its bars", async () => {
  // 64 × 64 with the source in 64 × 36.
  const data = new Uint8Array(SIZE * SIZE * 3).fill(255);
  data.fill(100, 14 * SIZE * 3, 50 * SIZE * 3);
  const { size, at } = await shape({ width: 1920, height: 1080 }, "letterbox", data);
  assert.deepEqual(size, [640, 360]);
  assert.deepEqual(at(0.9, 0.004), GRAY);
  assert.deepEqual(at(0.9, 0.996), GRAY);
});

Deno.test("what a cropped frame does not show is black", async () => {
  const { size, at } = await shape({ width: 1920, height: 1080 }, "crop");
  assert.deepEqual(size, [640, 360]);
  assert.deepEqual(at(0.1, 0.1), BLACK);
  assert.deepEqual(at(0.95, 0.95), BLACK);
  assert.deepEqual(at(0.24, 0.95), GRAY);
  assert.deepEqual(at(0.76, 0.05), GRAY);
});

Deno.test("the longer side has 640 pixels, the shorter one at least one", async () => {
  assert.deepEqual((await shape({ width: 1080, height: 1920 }, "stretch")).size, [360, 640]);
  assert.deepEqual((await shape({ width: 5000, height: 1 }, "letterbox")).size, [640, 1]);
  assert.deepEqual((await shape({ width: 1, height: 5000 }, "letterbox")).size, [1, 640]);
});
