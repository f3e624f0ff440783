import assert from "node:assert/strict";
import { chooseJpegEncoder } from "../../src/capture/jpeg_encoder.ts";

Deno.test("the first JPEG encoder that is installed and works is chosen", async () => {
  const chosen = await chooseJpegEncoder([
    "nosuchjpegenc",
    // An encoder whose hardware fails, one that cannot be linked, and one that gives something else.
    "identity error-after=1",
    "audioconvert",
    "pngenc",
    "jpegenc quality=80",
    "jpegenc",
  ]);
  assert.equal(chosen, "jpegenc quality=80");
});

Deno.test("software comes last, and is not tried", async () => {
  assert.equal(await chooseJpegEncoder(["nosuchjpegenc", "nosucheither"]), "nosucheither");
});
