import assert from "node:assert/strict";
import fc from "fast-check";
import type { FitGeometry } from "../../src/core/fit_geometry.ts";
import { regionOf } from "../../src/detection/region.ts";

const STRETCH: FitGeometry = {
  sourceWidth: 640,
  sourceHeight: 480,
  scaleX: 1,
  scaleY: 1,
  offsetX: 0,
  offsetY: 0,
};
const LETTERBOX: FitGeometry = { ...STRETCH, scaleY: 0.75, offsetY: 0.125 };

const blob = (size: number, cx: number, cy: number, spread: number) =>
  Float32Array.from({ length: size * size }, (_, i) => {
    const x = (i % size + 0.5) / size - cx;
    const y = (Math.floor(i / size) + 0.5) / size - cy;
    return Math.exp(-(x * x + y * y) / (2 * spread * spread));
  });
const near = (actual: number, expected: number, within: number) =>
  assert.ok(
    Math.abs(actual - expected) <= within,
    `${actual} is not within ${within} of ${expected}`,
  );

Deno.test("the peak is finer than a cell and the box is where the map falls to level", () => {
  fc.assert(fc.property(
    fc.double({ min: 0.3, max: 0.7, noNaN: true }),
    fc.double({ min: 0.3, max: 0.7, noNaN: true }),
    (x, y) => {
      const map = { width: 16, height: 16, values: blob(16, x, y, 0.1) };
      const { peak, box } = regionOf(map, new Uint8Array(256).fill(1), 0.5, STRETCH);
      near(peak[0], x, 0.01);
      near(peak[1], y, 0.01);
      const radius = 0.1 * Math.sqrt(2 * Math.LN2);
      [x - radius, y - radius, x + radius, y + radius].forEach((edge, i) =>
        near(box[i], edge, 0.03)
      );
    },
  ));
});

Deno.test("a second blob that is not connected is outside the box", () => {
  const one = blob(16, 0.2, 0.2, 0.05);
  const other = blob(16, 0.8, 0.8, 0.05);
  const values = one.map((value, i) => Math.max(value, 0.9 * other[i]));
  const { box } = regionOf(
    { width: 16, height: 16, values },
    new Uint8Array(256).fill(1),
    0.5,
    STRETCH,
  );
  assert.ok(box[2] < 0.4 && box[3] < 0.4, box.join(" "));
});

Deno.test("letterbox: the bars are ignored and the region is in the source picture", () => {
  const values = blob(16, 0.5, 0.25, 0.08);
  values[5] = 9;
  const counts = Uint8Array.from(values, (_, i) => Number(i >= 32 && i < 224));
  const { peak, box } = regionOf({ width: 16, height: 16, values }, counts, 0.5, LETTERBOX);
  near(peak[0], 0.5, 0.01);
  near(peak[1], (0.25 - 0.125) / 0.75, 0.02);
  assert.ok(box.every((edge) => edge >= 0 && edge <= 1));
});

Deno.test("any map gives a peak inside its box inside the picture", () => {
  const values = fc.float32Array({ minLength: 16, maxLength: 16, noNaN: true, min: -5, max: 5 });
  fc.assert(fc.property(values, (map) => {
    const counts = new Uint8Array(16).fill(1);
    const { peak, box } = regionOf({ width: 4, height: 4, values: map }, counts, 0.5, LETTERBOX);
    assert.ok(0 <= box[0] && box[0] <= peak[0] && peak[0] <= box[2] && box[2] <= 1);
    assert.ok(0 <= box[1] && box[1] <= peak[1] && peak[1] <= box[3] && box[3] <= 1);
  }));
});
