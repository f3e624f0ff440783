import assert from "node:assert/strict";
import { cameraSchema } from "../../src/detection/camera_schema.ts";
import type { FitGeometry } from "../../src/core/fit_geometry.ts";
import { bearing, cellsInPicture, inPolygon, toSource } from "../../src/detection/picture.ts";

const FIT: FitGeometry = {
  sourceWidth: 1280,
  sourceHeight: 720,
  scaleX: 1,
  scaleY: 0.5625,
  offsetX: 0,
  offsetY: 0.21875,
};
const near = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) < 1e-9, `${actual}`);

Deno.test("toSource undoes letterbox and crop and stays in the picture", () => {
  assert.deepEqual(toSource([0.5, 0.5], FIT), [0.5, 0.5]);
  assert.deepEqual(toSource([0.25, 0.21875], FIT), [0.25, 0]);
  assert.deepEqual(toSource([0.25, 0.1], FIT), [0.25, 0]);
  const crop = { ...FIT, scaleX: 16 / 9, scaleY: 1, offsetX: (1 - 16 / 9) / 2, offsetY: 0 };
  near(toSource([0, 0], crop)[0], 7 / 32);
  near(toSource([1, 0], crop)[0], 25 / 32);
});

Deno.test("cellsInPicture excludes the letterbox bars", () => {
  const cells = cellsInPicture(FIT, 4, 8);
  assert.deepEqual([...cells.filter((_, i) => i % 4 === 0)], [0, 0, 1, 1, 1, 1, 0, 0]);
});

Deno.test("inPolygon follows the even-odd rule", () => {
  const notch: [number, number][] = [[0, 0], [1, 0], [1, 1], [0.5, 0.3], [0, 1]];
  assert.ok(inPolygon([0.5, 0.2], notch));
  assert.ok(!inPolygon([0.5, 0.6], notch));
  assert.ok(inPolygon([0.1, 0.6], notch));
  assert.ok(!inPolygon([1.1, 0.2], notch));
});

Deno.test("bearing: left and up are positive (REP 103)", () => {
  const camera = cameraSchema.parse({ hfov: "90deg" });
  const left = bearing([0, 0.5], camera, FIT)!;
  near(left.azimuth, Math.PI / 4);
  near(left.elevation, 0);
  const up = bearing([0.5, 0], camera, FIT)!;
  near(up.azimuth, 0);
  near(up.elevation, Math.atan(360 / 640));
  const corner = bearing([1, 1], camera, FIT)!;
  near(corner.azimuth, -Math.PI / 4);
  near(corner.elevation, -Math.atan(360 / 640 / Math.SQRT2));
});

Deno.test("bearing uses pinhole parameters if given, and needs optics", () => {
  const camera = cameraSchema.parse({ fx: 640, fy: 320, cx: 0, cy: 720 });
  const { azimuth, elevation } = bearing([0.5, 0.5], camera, FIT)!;
  near(azimuth, -Math.PI / 4);
  near(elevation, Math.atan2(360 / 320, Math.SQRT2));
  assert.equal(bearing([0.5, 0.5], cameraSchema.parse({}), FIT), undefined);
});
