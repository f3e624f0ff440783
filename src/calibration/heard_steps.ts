import { stepsBetween, type StepTimes } from "../evaluation/metrics/time_mask.ts";
import type { Heard } from "./calibration_clips.ts";

/** Steps this far below the clip's loudest are silence. */
const SILENCE_DB = 30;

/**
 * The time steps of a clip during which something is heard: those of its time span, or else those that are not silent.
 *
 * @param samples the part of the clip that is used, -1..1
 * @returns `[steps]`, 0 or 1; all 0 if the time span is after the end of the samples.
 */
export function heardSteps(
  { time }: Heard,
  samples: Float32Array,
  steps: number,
  audio: StepTimes & { readonly sample_rate: number },
): Uint8Array {
  if (time && time.onset * audio.sample_rate >= samples.length) return new Uint8Array(steps);
  if (time) return stepsBetween(time.onset, time.offset, audio, steps);
  const half = audio.sample_rate / audio.feature_rate / 2;
  const power = Array.from({ length: steps }, (_, step) => {
    const center = (audio.first_feature + step / audio.feature_rate) * audio.sample_rate;
    const part = samples.subarray(Math.max(0, center - half), Math.max(0, center + half));
    return part.reduce((sum, v) => sum + v * v, 0) / Math.max(1, part.length);
  });
  const floor = Math.max(...power) * 10 ** (-SILENCE_DB / 10);
  return Uint8Array.from(power, (p) => p >= floor ? 1 : 0);
}
