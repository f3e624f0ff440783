import assert from "node:assert/strict";
import fc from "fast-check";
import { fitGeometry } from "../../src/core/fit_geometry.ts";
import { Clips, planOf, record } from "../capture/media.ts";

Deno.test("letterbox keeps the shape and the middle, crop fills, stretch does neither", () => {
  const size = fc.integer({ min: 16, max: 4000 });
  fc.assert(fc.property(size, size, fc.integer({ min: 32, max: 640 }), (width, height, model) => {
    const source = { width, height, parN: 1, parD: 1 };
    fc.pre(Math.max(width / height, height / width) < 8);
    const shape = Math.min(width / height, height / width);
    for (const fit of ["letterbox", "crop", "stretch"] as const) {
      const { scaleX, scaleY, offsetX, offsetY } = fitGeometry(source, fit, model, model);
      const [less, more] = [Math.min(scaleX, scaleY), Math.max(scaleX, scaleY)];
      if (fit === "stretch") assert.deepEqual([scaleX, scaleY], [1, 1]);
      // Less than one pixel of the model is lost to rounding, less than two of the source.
      if (fit === "letterbox") {
        assert.equal(more, 1);
        assert.ok(Math.abs(less - shape) < 1 / model + 1e-9);
      }
      if (fit === "crop") {
        assert.equal(less, 1);
        assert.ok(
          1 / more >= shape - 1e-9 && 1 / more - shape < 2 / Math.max(width, height) + 1e-9,
        );
      }
      const offCenter = fit === "letterbox" ? 0.5 / model : 0;
      assert.ok(Math.abs(offsetX + scaleX / 2 - 0.5) <= offCenter + 1e-9);
      assert.ok(Math.abs(offsetY + scaleY / 2 - 0.5) <= offCenter + 1e-9);
    }
  }));
});

Deno.test("pixels that are not square count with the size they are shown in", () => {
  const anamorphic = { width: 720, height: 576, parN: 64, parD: 45 };
  const { sourceWidth, sourceHeight, scaleX, scaleY } = fitGeometry(
    anamorphic,
    "letterbox",
    224,
    224,
  );
  assert.deepEqual([sourceWidth, sourceHeight, scaleX, scaleY], [1024, 576, 1, 126 / 224]);
});

/** Center of the bright pixels, in 0..1 of the picture. */
function brightCenter(data: Uint8Array, width: number, height: number): [number, number] {
  let [sum, x, y] = [0, 0, 0];
  for (let at = 0; at < width * height; at++) {
    const weight = Math.max(0, data[at * 3 + 1] - 40);
    sum += weight;
    x += weight * (at % width + 0.5);
    y += weight * (Math.floor(at / width) + 0.5);
  }
  return [x / sum / width, y / sum / height];
}

Deno.test("a white square in real clips is where the geometry predicts it", async (t) => {
  using clips = new Clips();
  const sizes = [[320, 180], [180, 320], [322, 242], [128, 128]];
  for (const [width, height] of sizes) {
    for (const [format, sar] of [["yuv420p", "1"], ["yuv444p", "1"], ["yuv420p", "4/3"]]) {
      const name = `${width}x${height} ${format} sar ${sar}`;
      await t.step(name, async () => {
        const [x, y, side] = [Math.round(width * 0.55), Math.round(height * 0.4), 16];
        const file = await clips.make(
          ..."-f lavfi -i".split(" "),
          `color=black:s=${width}x${height}:r=10:d=0.2,format=${format},` +
            `drawbox=x=${x}:y=${y}:w=${side}:h=${side}:color=white:t=fill,setsar=${sar}`,
          ..."-f lavfi -i anullsrc=r=16000:cl=mono -t 0.2 -c:v libx264 -qp 1 -c:a pcm_s16le".split(
            " ",
          ),
          `${name.replaceAll(/[ /]/g, "-")}.mkv`,
        );
        for (const fit of ["letterbox", "crop", "stretch"]) {
          for (const [modelWidth, modelHeight] of [[224, 224], [161, 97]]) {
            const plan = planOf({ uri: file, pace: "fast", fit }, {
              width: modelWidth,
              height: modelHeight,
            });
            const { frames, capture } = await record(plan);
            const geometry = capture.geometry!;
            assert.equal(frames[0].data.length, modelWidth * modelHeight * 3);
            const found = brightCenter(frames[0].data, modelWidth, modelHeight);
            const wanted = [
              geometry.scaleX * (x + side / 2) / width + geometry.offsetX,
              geometry.scaleY * (y + side / 2) / height + geometry.offsetY,
            ];
            const off = [
              (found[0] - wanted[0]) * modelWidth,
              (found[1] - wanted[1]) * modelHeight,
            ];
            assert.ok(
              Math.hypot(...off) < 0.5,
              `${fit} ${modelWidth}x${modelHeight}: off by ${off} model pixels`,
            );
          }
        }
      });
    }
  }
});
