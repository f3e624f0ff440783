import assert from "node:assert/strict";
import fc from "fast-check";
import { resizePositions } from "../../../src/importer/graph/position_embedding.ts";

const side = 6;

/** One channel that is `f(row, column)` on the trained grid. */
function plane(f: (row: number, column: number) => number): Float32Array {
  return Float32Array.from(
    { length: side * side },
    (_, i) => f(Math.floor(i / side), i % side),
  );
}

Deno.test("the trained grid is returned unchanged", () => {
  const trained = plane((row, column) => Math.sin(row * 7 + column));
  assert.deepEqual(resizePositions(trained, side, 1, side, side), trained);
});

Deno.test("a grid with as many patches but another shape is interpolated", () => {
  const trained = plane((row) => row);
  const resized = resizePositions(trained, side, 1, 4, 9);
  assert.equal(resized.length, 36);
  assert.notDeepEqual(resized, trained);
});

Deno.test("a constant stays constant, channels stay apart", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 40 }),
      (rows, columns) => {
        const trained = new Float32Array(side * side * 2).map((_, i) => i % 2 === 0 ? 3 : -1);
        const resized = resizePositions(trained, side, 2, rows, columns);
        assert.equal(resized.length, rows * columns * 2);
        resized.forEach((v, i) => assert.ok(Math.abs(v - (i % 2 === 0 ? 3 : -1)) < 1e-5));
      },
    ),
    { seed: 4, numRuns: 50 },
  );
});

Deno.test("rows are sampled at (i + 1/2) * side / (n + 0.1) - 1/2 with the kernel of a = -3/4", () => {
  const values = [4, -1, 0.5, 9, 2, 3];
  const resized = resizePositions(plane((row) => values[row]), side, 1, 12, 3);
  const kernel = (distance: number) => {
    const d = Math.abs(distance);
    if (d <= 1) return 1.25 * d ** 3 - 2.25 * d ** 2 + 1;
    return d < 2 ? -0.75 * d ** 3 + 3.75 * d ** 2 - 6 * d + 3 : 0;
  };
  for (let y = 0; y < 12; y++) {
    const source = (y + 0.5) * side / 12.1 - 0.5;
    let wanted = 0;
    for (let row = -3; row < side + 3; row++) {
      wanted += kernel(source - row) * values[Math.min(Math.max(row, 0), side - 1)];
    }
    assert.ok(Math.abs(resized[y * 3] - wanted) < 1e-5, `row ${y}: ${resized[y * 3]}, ${wanted}`);
  }
});
