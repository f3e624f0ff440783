import type { Architecture, Encoder } from "../checkpoint/architecture.ts";
import { SAMPLE_RATE, stepsAfter } from "./timing.ts";

/** Floating-point operations of the matrix products; a multiplication and an addition count as two. */
export interface ModelFlops {
  /** For one frame. */
  readonly frame: number;
  /** For one second of audio, in windows of the given length. */
  readonly second: number;
}

/** Counts from the sizes alone; without norms, activations and softmax (about 2 %). */
export function modelFlops(
  architecture: Architecture,
  image: { readonly width: number; readonly height: number },
  window: number,
): ModelFlops {
  const { image: vision, audio, pools, alignerBlock, channels } = architecture;
  const patches = (image.width / vision.patch) * (image.height / vision.patch);
  const frame = 2 * patches * vision.width * (3 * vision.patch ** 2 + channels) +
    encoderFlops(vision, patches + 1);

  let steps = Math.round(window * SAMPLE_RATE);
  let ins = 1;
  let total = 0;
  for (const conv of audio.convs) {
    steps = stepsAfter(steps, [conv]);
    total += 2 * steps * conv.kernel * ins * conv.channels;
    ins = conv.channels;
  }
  total += 2 * steps * audio.width *
    (ins + audio.positionKernel * audio.width / audio.positionGroups);
  total += encoderFlops(audio, steps);
  ins = audio.width;
  for (const pool of pools) {
    steps = stepsAfter(steps, [pool]);
    total += 2 * steps * pool.kernel * ins * pool.channels;
    ins = pool.channels;
  }
  total += encoderFlops(alignerBlock, steps + 1);
  return { frame: Math.round(frame), second: Math.round(total / window) };
}

function encoderFlops({ width, depth, hidden }: Encoder, steps: number): number {
  const linear = 2 * steps * width * (4 * width + 2 * hidden);
  const attention = 4 * steps ** 2 * width;
  return depth * (linear + attention);
}
