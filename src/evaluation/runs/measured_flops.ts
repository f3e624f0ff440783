import { join } from "node:path";
import type { Manifest } from "../../model/manifest.ts";
import { countFlops } from "../../onnx/count_flops.ts";

/** Floating-point operations of a model's matrix products. */
export interface MeasuredFlops {
  /** Of one frame. */
  readonly frame: number;
  /** Of one second of audio. */
  readonly second: number;
}

/** Length of the audio that is counted, s. */
const SECONDS = 2;

/** Counts a model's operations by running both encoders once. */
export async function measuredFlops(folder: string, manifest: Manifest): Promise<MeasuredFlops> {
  const { image, audio } = manifest;
  const samples = Math.max(SECONDS * audio.sample_rate, audio.min_samples);
  const window = await countFlops(join(folder, audio.file), {
    name: "waveform",
    type: "float32",
    dims: [1, samples],
  });
  const frame = await countFlops(join(folder, image.file), {
    name: "frames",
    type: "uint8",
    dims: [1, image.height, image.width, 3],
  });
  return { frame, second: window / samples * audio.sample_rate };
}
