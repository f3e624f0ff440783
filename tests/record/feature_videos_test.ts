import assert from "node:assert/strict";
import { fitGeometry } from "../../src/core/fit_geometry.ts";
import { MapCollector } from "../../src/record/clip_maps.ts";
import { FeatureColors } from "../../src/record/feature_colors.ts";
import { featurePainter, type FeatureView } from "../../src/record/feature_videos.ts";
import { Telemetry } from "../../src/telemetry/telemetry.ts";
import type { Description } from "../../src/telemetry/topics.ts";

const GRID = { width: 4, height: 4 };
const CELLS = 16;
const CHANNELS = 6;
/** A wide picture: rows 0 and 3 of the grid are letterbox bars. */
const FIT = fitGeometry({ width: 128, height: 64, parN: 1, parD: 1 }, "letterbox", 64, 64);
const IN_PICTURE = [4, 5, 6, 7, 8, 9, 10, 11];
const DESCRIPTION = {
  grid: GRID,
  fit: FIT,
  heads: [{ kind: "sound", calibrated: true }, { kind: "speech", calibrated: true }],
} as unknown as Description;

/** Features `[C, 4, 4]`: a left half and a right half that are opposites, with small differences; bars are far from both. */
function halves(seconds: number) {
  const values = new Float32Array(CHANNELS * CELLS);
  for (let c = 0; c < CHANNELS; c++) {
    for (let i = 0; i < CELLS; i++) {
      const side = i % 4 < 2 ? 1 : -1;
      values[c * CELLS + i] = IN_PICTURE.includes(i)
        ? side * (c === 2 ? 5 : 1) + 0.1 * Math.sin(7 * c + 3 * i + seconds)
        : 100 * c;
    }
  }
  return { seconds, values };
}

/** Paints a gray picture; returns the color at a pixel. */
function painted(view: FeatureView, maps: Float32Array, seconds = 0) {
  const timed = [{ seconds: 0, values: maps }, { seconds: 5, values: new Float32Array(2 * CELLS) }];
  const painter = featurePainter(view, DESCRIPTION, { maps: timed, features: [halves(0)] });
  assert.deepEqual(painter.size, { width: 128, height: 64 });
  const data = new Uint8Array(128 * 64 * 3).fill(100);
  painter.paint(data, seconds);
  return (x: number, y: number) => [...data.subarray((y * 128 + x) * 3, (y * 128 + x) * 3 + 3)];
}

Deno.test("heads are drawn in their colors where they are highest, each relative to its own highest", () => {
  const maps = new Float32Array(2 * CELLS);
  // Sound in the lower left of the picture; speech, much weaker, in the upper right. Bars do not count.
  maps[8] = 10;
  maps[CELLS + 7] = 0.5;
  maps[0] = 1000;
  const at = painted("heads", maps);
  const [red, , blue] = at(16, 48);
  assert.ok(red > 200 && blue < 60, `sound ${at(16, 48)}`);
  const [red2, , blue2] = at(112, 16);
  assert.ok(blue2 > 200 && red2 < 80, `speech ${at(112, 16)}`);
  assert.deepEqual(at(64, 62), [100, 100, 100]);
});

Deno.test("attention shows the highest of all heads, at its time only", () => {
  const maps = new Float32Array(2 * CELLS).fill(-3);
  maps[8] = 10;
  maps[CELLS + 7] = 0.5;
  const at = painted("attention", maps);
  for (const [x, y] of [[16, 48], [112, 16]]) {
    assert.ok(at(x, y)[0] > 220 && at(x, y)[1] > 180, `${x}, ${y}: ${at(x, y)}`);
  }
  assert.deepEqual(at(64, 62), [100, 100, 100]);
  assert.deepEqual(painted("attention", maps, 4)(16, 48), [100, 100, 100]);
});

Deno.test("image features that are opposites have opposite colors", () => {
  const at = painted("features", new Float32Array(2 * CELLS));
  const [left, right] = [at(10, 32), at(118, 32)];
  // The loading of channel 2 is farthest from 0, so that the half where it is positive is the bright one.
  assert.ok(left[0] > 220 && right[0] < 30, `left ${left}, right ${right}`);
});

Deno.test("colors of features have the same sign for any part of a clip, and one meaning in all of it", () => {
  const whole = new FeatureColors([0, 1, 2, 3].map(halves), CELLS, IN_PICTURE);
  const part = new FeatureColors([2, 9].map(halves), CELLS, IN_PICTURE);
  for (const seconds of [0, 3]) {
    for (const colors of [whole, part]) {
      const red = colors.colors(halves(seconds).values).subarray(0, CELLS);
      for (const i of IN_PICTURE) assert.equal(red[i] > 0.5, i % 4 < 2, `cell ${i}: ${red[i]}`);
    }
  }
});

Deno.test("a picture without a whole cell of the grid is an error", () => {
  const fit = fitGeometry({ width: 6400, height: 64, parN: 1, parD: 1 }, "letterbox", 64, 64);
  const clip = {
    maps: [{ seconds: 0, values: new Float32Array(2 * CELLS) }],
    features: [halves(0)],
  };
  assert.throws(
    () => featurePainter("features", { ...DESCRIPTION, fit }, clip),
    /Cannot draw features: the picture is narrower than a cell/,
  );
});

Deno.test("features are kept over the whole clip in bounded memory, and copied", () => {
  const telemetry = new Telemetry(() => {});
  const frameBytes = 4 * 10;
  using collector = new MapCollector(telemetry, 8 * frameBytes);
  const values = new Float32Array(10);
  for (let i = 0; i < 100; i++) {
    values.fill(i);
    telemetry.tell("features", { ptsNs: i * 1e9, epochNs: 0n, values });
  }
  const seconds = collector.features.map((kept) => kept.seconds);
  assert.ok(seconds.length > 4 && seconds.length <= 8, `${seconds}`);
  assert.equal(seconds[0], 0);
  const distances = new Set(seconds.slice(1).map((time, i) => time - seconds[i]));
  assert.deepEqual([...distances], [16]);
  assert.ok(collector.features.every((kept) => kept.values[0] === kept.seconds));
});
