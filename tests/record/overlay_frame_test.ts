import assert from "node:assert/strict";
import { fitGeometry } from "../../src/core/fit_geometry.ts";
import { drawSprite, HeatBlender } from "../../src/record/overlay_frame.ts";

Deno.test("heat is drawn where its cell is in the source picture, letterbox bars left out", () => {
  const [width, height] = [64, 32];
  const fit = fitGeometry({ width, height, parN: 1, parD: 1 }, "letterbox", 64, 64);
  const data = new Uint8Array(width * height * 3).fill(100);
  const heat = new Uint8Array(2 * 16);
  // Speech, row 1 of 4, column 3 of 4: the upper right part of the picture between the bars.
  heat[16 + 4 + 3] = 255;
  new HeatBlender(["sound", "speech"], { width: 4, height: 4 }, fit, { width, height })
    .blend({ data, width, height }, heat);
  const at = (
    x: number,
    y: number,
  ) => [...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)];
  const [red, , blue] = at(60, 4);
  assert.ok(blue > 150 && red < 90, `${at(60, 4)}`);
  assert.deepEqual(at(4, 28), [100, 100, 100]);
});

Deno.test("a sprite beyond the edge is moved inside", () => {
  const canvas = { data: new Uint8Array(8 * 8 * 3), width: 8, height: 8 };
  const sprite = { data: new Uint8Array(2 * 2 * 4).fill(255), width: 2, height: 2 };
  drawSprite(canvas, sprite, 20, -5);
  const lit = [...canvas.data].flatMap((value, i) => value === 255 && i % 3 === 0 ? [i / 3] : []);
  assert.deepEqual(lit, [6, 7, 14, 15]);
});
