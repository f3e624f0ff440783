import { join } from "node:path";
import { writeColorModel } from "../cli/color_model.ts";

/** The parts of a camera's streams that {@linkcode writeToneModel} finds: a red picture, and its tone twice a second. */
export const TONE_STREAMS =
  "videotestsrc is-live=true pattern=red ! video/x-raw,width=320,height=180,framerate=10/1 ! " +
  "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=5 threads=1 ! rtph264pay name=pay0 " +
  "audiotestsrc is-live=true wave=ticks freq=300 tick-interval=500000000 sine-periods-per-tick=60 volume=0.3 ! " +
  "audio/x-raw,rate=8000,channels=1 ! mulawenc ! rtppcmupay name=pay1";

/**
 * Writes, or replaces file by file as a deployment does, a small model whose events are known: one for each tone while the
 * picture is red.
 */
export async function writeToneModel(folder: string, version: number): Promise<string> {
  const whole = await writeColorModel(await Deno.makeTempDir({ dir: folder }), "tones");
  const file = join(whole, "model.yaml");
  const calibration = "calibration: { slope: 10, offset: -4, fitted_on: made for tests }";
  const text = (await Deno.readTextFile(file)).replace("version: 1", `version: ${version}`)
    .replaceAll(/^( {2}- kind: \w+).*$/gm, `$1\n    ${calibration}`);
  await Deno.writeTextFile(file, text);
  const target = join(folder, "tones");
  await Deno.mkdir(target, { recursive: true });
  for (const name of ["image.onnx", "audio.onnx", "model.yaml"]) {
    await Deno.rename(join(whole, name), join(target, name));
  }
  await Deno.remove(join(whole, ".."), { recursive: true });
  return target;
}
