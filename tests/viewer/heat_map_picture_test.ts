import assert from "node:assert/strict";
import { decode } from "fast-png";
import { drawHeatMap } from "../../src/viewer/heat_map_picture.ts";

Deno.test("drawHeatMap shows the source's proportions, the heat in the kind's colour and the box", () => {
  const heatMap = new Float32Array(16);
  heatMap[5] = 2;
  const png = drawHeatMap({
    frame: new Uint8Array(8 * 8 * 3).fill(100),
    frameWidth: 8,
    frameHeight: 8,
    heatMap,
    gridWidth: 4,
    gridHeight: 4,
    fit: {
      sourceWidth: 160,
      sourceHeight: 90,
      scaleX: 1,
      scaleY: 0.5625,
      offsetX: 0,
      offsetY: 0.21875,
    },
    box: [0.5, 0.5, 0.9, 0.9],
    peak: [0.7, 0.7],
    kind: "speech",
  }, 90);
  const { width, height, data } = decode(png);
  assert.deepEqual([width, height], [160, 90]);
  const pixel = (
    x: number,
    y: number,
  ) => [...data.subarray((y * 160 + x) * 3, (y * 160 + x) * 3 + 3)];
  assert.deepEqual(pixel(159, 89), [100, 100, 100]);
  const [red, , blue] = pixel(60, Math.round((0.375 - 0.21875) / 0.5625 * 90));
  assert.ok(blue > 190 && red < 80, `${red} ${blue}`);
  assert.deepEqual(pixel(80, 60), [48, 144, 255]);
  assert.deepEqual(pixel(120, 60), [100, 100, 100]);
});
