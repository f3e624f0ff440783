import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chooseJpegEncoder } from "../../src/capture/jpeg_encoder.ts";
import { writeCrashingEncoder } from "./crashing_encoder.ts";
import { Clips } from "./media.ts";

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

Deno.test("an encoder that crashes costs its trial, not the process", async () => {
  using clips = new Clips();
  await writeCrashingEncoder(clips.folder);
  const script = fileURLToPath(new URL("choose_encoder.ts", import.meta.url));
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", script, "crashjpegenc", "jpegenc quality=80", "jpegenc"],
    env: { GST_PLUGIN_PATH: clips.folder, GST_REGISTRY: join(clips.folder, "registry.bin") },
  }).output();
  const [output, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assert.equal(output, "true jpegenc quality=80\n", errors);
  assert.equal(code, 0);
});

Deno.test("software comes last, and is not tried", async () => {
  assert.equal(await chooseJpegEncoder(["nosuchjpegenc", "nosucheither"]), "nosucheither");
});
