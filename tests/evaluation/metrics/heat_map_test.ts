import assert from "node:assert/strict";
import {
  meanOverTime,
  peakIndex,
  publishedHeatMaps,
  scaledAlone,
} from "../../../src/evaluation/metrics/heat_map.ts";
import { assertClose, golden, rows, timeFirst } from "../golden.ts";

const grid = { width: 6, height: 5 };
const size = { width: 48, height: 40 };

function goldenInputs() {
  const masks = rows(golden("ph_masks"));
  const volumes = rows(golden("ph_sims")).map((volume) => timeFirst(volume, masks[0].length));
  return { masks, volumes };
}

Deno.test("heat maps equal the original's", () => {
  const { masks, volumes } = goldenInputs();
  const maps = publishedHeatMaps(volumes, masks, grid, size);
  rows(golden("ph_out_40x48")).forEach((expected, i) => assertClose(maps[i], expected, `map ${i}`));
});

Deno.test("one empty mask makes all published maps NaN, but not a map scaled alone", () => {
  const { masks, volumes } = goldenInputs();
  masks[1] = new Float32Array(masks[1].length);
  const maps = publishedHeatMaps(volumes, masks, grid, size);
  assert.ok(maps.every((map) => map.every(Number.isNaN)));
  const alone = volumes.map((volume, i) => meanOverTime(volume, masks[i]));
  assert.deepEqual(alone.map((map) => map.some(Number.isNaN)), [false, true, false]);
});

Deno.test("the time mean weights steps by the mask", () => {
  const volume = Float32Array.of(1, 2, 10, 20, 100, 200);
  assert.deepEqual([...meanOverTime(volume, [1, 0, 1])], [50.5, 101]);
  assert.deepEqual([...meanOverTime(volume, [0, 1, 0])], [10, 20]);
});

Deno.test("a map scaled alone ranges from 0 to 1, a constant one is 0", () => {
  assert.deepEqual([...scaledAlone(Float32Array.of(-2, 0, 2))], [0, 0.5, 1]);
  assert.deepEqual([...scaledAlone(Float32Array.of(3, 3))], [0, 0]);
  assert.equal(peakIndex(Float32Array.of(1, 5, 5, 2)), 1);
});
