import assert from "node:assert/strict";
import fc from "fast-check";
import { fitGeometry } from "../../src/core/fit_geometry.ts";
import { contourPath } from "../../src/record/contour.ts";

const SIZE = { width: 200, height: 100 };
const square = fitGeometry({ width: 200, height: 100, parN: 1, parD: 1 }, "stretch", 224, 224);

/** Line segments of a path. */
function segments(path: string): number[][] {
  return [...path.matchAll(/M(\S+) (\S+)L(\S+) (\S+?)(?=M|$)/g)].map((m) => m.slice(1).map(Number));
}

Deno.test("the outline encloses the hot cell, at its place in the picture", () => {
  const values = new Float32Array(100);
  // Row 2, column 7 of 10 × 10 cells: its center is at 150, 25 of 200 × 100 pixels.
  values[27] = 1;
  const path = contourPath({ values, width: 10, height: 10 }, 0.5, square, SIZE);
  const points = segments(path).flatMap(([x1, y1, x2, y2]) => [[x1, y1], [x2, y2]]);
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  for (
    const [low, center, high] of [
      [Math.min(...xs), 150, Math.max(...xs)],
      [Math.min(...ys), 25, Math.max(...ys)],
    ]
  ) {
    assert.ok(low < center && center < high && Math.abs((low + high) / 2 - center) < 1, path);
  }
});

Deno.test("a map without a positive value has no outline", () => {
  const map = { values: new Float32Array(16).fill(-1), width: 4, height: 4 };
  assert.equal(contourPath(map, 0.5, square, SIZE), "");
});

Deno.test("outlines are closed: every point is the end of an even number of segments", () => {
  const map = fc.array(fc.double({ min: 0.01, max: 1, noNaN: true }), {
    minLength: 36,
    maxLength: 36,
  });
  fc.assert(fc.property(map, (values) => {
    const grid = { values: Float32Array.from(values), width: 6, height: 6 };
    const ends = new Map<string, number>();
    const path = contourPath(grid, 0.5, square, { width: 60_000, height: 60_000 });
    for (const [x1, y1, x2, y2] of segments(path)) {
      for (const end of [`${x1} ${y1}`, `${x2} ${y2}`]) ends.set(end, (ends.get(end) ?? 0) + 1);
    }
    assert.ok(ends.size > 0);
    for (const [end, count] of ends) assert.equal(count % 2, 0, end);
  }));
});
