import assert from "node:assert/strict";
import { coverPicture } from "../../src/evaluation/datasets/resample_picture.ts";
import { resampleSound } from "../../src/evaluation/datasets/resample_sound.ts";
import { normalizeSound, padSound } from "../../src/evaluation/datasets/sound.ts";
import { readGolden } from "../support/safetensors.ts";
import { assertClose } from "./golden.ts";

const media = readGolden(new URL("./golden/media.safetensors", import.meta.url));

for (const name of ["small", "tall"]) {
  Deno.test(`a ${name} picture is resized and cropped as the original's loader does`, () => {
    const { dims: [height, width], data } = media(`${name}_raw_hwc`);
    const got = coverPicture({ width, height, data: Uint8Array.from(data) }, {
      width: 224,
      height: 224,
    });
    const expected = media(`${name}_loader_pil_u8`).data;
    const pixels = 224 * 224;
    for (let i = 0; i < pixels; i++) {
      for (let channel = 0; channel < 3; channel++) {
        assert.equal(got.data[3 * i + channel], expected[channel * pixels + i], `pixel ${i}`);
      }
    }
  });
}

for (const rate of [44100, 8000]) {
  Deno.test(`a sound at ${rate} Hz is resampled as the original does`, () => {
    const got = resampleSound(media(`resample_${rate}_in`).data, rate, 16000);
    // The original computes its kernel in float32.
    assertClose(got, media(`resample_${rate}_to16k`).data, "sample", 5);
  });
}

Deno.test("sounds are normalized as the original's validation does", () => {
  const got = normalizeSound(media("prep_1.25s_wave").data).filter((_, i) => i % 7 === 0);
  assertClose(got, media("prep_1.25s_norm_every7").data, "normalized", 5);
});

Deno.test("a sound is padded or cut at its end", () => {
  const { samples, mask } = padSound(Float32Array.of(1, 2, 3), 5);
  assert.deepEqual([[...samples], [...mask]], [[1, 2, 3, 0, 0], [1, 1, 1, 0, 0]]);
  assert.deepEqual([...padSound(Float32Array.of(1, 2, 3), 2).samples], [1, 2]);
  assert.deepEqual([...padSound(Float32Array.of(1, 2, 3), 2).mask], [1, 1]);
});
