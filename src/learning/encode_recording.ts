import { heardSteps } from "../calibration/heard_steps.ts";
import type { Encoders } from "../model/encoders.ts";
import { type Moment, momentsOf } from "./moments.ts";
import type { ReadRecording } from "./read_recording.ts";

/** A moment, and where its features are in the recording's file, in half-precision values. */
export interface StoredMoment extends Moment {
  /** Offset of the head's codes `[C / K, steps]`. */
  readonly audio: number;
  /** Offset of the picture's features `[C, h · w]`. */
  readonly picture: number;
}

/** The features of a recording's moments. */
export interface EncodedRecording {
  readonly values: Float16Array<ArrayBuffer>;
  readonly moments: readonly StoredMoment[];
}

/** Presence from which on a head counts as hearing something. */
const PRESENT = 0.5;
/** A recording whose samples are all below this, -60 dBFS, is silent. */
const LEAST_PEAK = 0.001;
/** Length of the pieces in which sound is encoded, s. */
const PIECE_SECONDS = 10;

/** Encodes the moments of a recording, each with the picture nearest to its middle. */
export async function encodeRecording(
  encoders: Encoders,
  { pictures, samples }: ReadRecording,
): Promise<EncodedRecording> {
  const { audio, heads, channels } = encoders.manifest;
  const { codes, heard, steps } = await encodeSound(encoders, samples);
  const moments = pictures.length === 0 ? [] : momentsOf(heard);
  const size = channels / heads.length;
  const parts: Float32Array[] = [];
  let length = 0;
  const add = (values: Float32Array) => {
    parts.push(values);
    length += values.length;
    return length - values.length;
  };
  const seen = new Map<number, number>();
  const stored: StoredMoment[] = [];
  for (const moment of moments) {
    const middle = audio.first_feature + (moment.from + moment.steps / 2) / audio.feature_rate;
    const nearest = indexOfNearest(pictures.map(({ time }) => time), middle);
    if (!seen.has(nearest)) {
      const { features } = await encoders.encodeImages(pictures[nearest].data, 1);
      seen.set(nearest, add(features));
    }
    const part = new Float32Array(size * moment.steps);
    for (let c = 0; c < size; c++) {
      const row = (moment.head * size + c) * steps + moment.from;
      part.set(codes.subarray(row, row + moment.steps), c * moment.steps);
    }
    stored.push({ ...moment, audio: add(part), picture: seen.get(nearest)! });
  }
  const values = new Float16Array(length);
  let at = 0;
  for (const part of parts) {
    values.set(part, at);
    at += part.length;
  }
  return { values, moments: stored };
}

interface EncodedSound {
  /** `[C, steps]` */
  readonly codes: Float32Array;
  readonly steps: number;
  /** Of each head, `[steps]`. */
  readonly heard: readonly Uint8Array[];
}

async function encodeSound(encoders: Encoders, samples: Float32Array): Promise<EncodedSound> {
  const { audio, heads, channels } = encoders.manifest;
  const fixed = encoders.audio.inputs[0].dims[1];
  const piece = fixed > 0 ? fixed : PIECE_SECONDS * audio.sample_rate;
  const parts = [];
  for (let at = 0; at < samples.length; at += piece) {
    const real = samples.subarray(at, at + piece);
    const window = new Float32Array(fixed > 0 ? fixed : Math.max(audio.min_samples, real.length));
    window.set(real);
    const { features, dims: [, , all], presence } = await encoders.encodeAudio(window);
    // Steps beyond the end of the samples are padding.
    const steps = Math.min(all, Math.floor(real.length / audio.sample_rate * audio.feature_rate));
    parts.push({ features, all, steps, presence });
  }
  const steps = parts.reduce((sum, part) => sum + part.steps, 0);
  const codes = new Float32Array(channels * steps);
  const heard = heads.map(() => new Uint8Array(steps));
  const loud = encoders.givesPresence ? undefined : loudSteps(samples, steps, audio);
  let from = 0;
  for (const part of parts) {
    for (let c = 0; c < channels; c++) {
      const row = part.features.subarray(c * part.all, c * part.all + part.steps);
      codes.set(row, c * steps + from);
    }
    for (const [k, marks] of heard.entries()) {
      for (let t = 0; t < part.steps; t++) {
        marks[from + t] = part.presence === undefined
          ? loud![from + t]
          : Number(part.presence[k * part.all + t] >= PRESENT);
      }
    }
    from += part.steps;
  }
  return { codes, steps, heard };
}

/** The steps that are not silent; of a recording without any sound, none. */
function loudSteps(
  samples: Float32Array,
  steps: number,
  audio: Encoders["manifest"]["audio"],
): Uint8Array {
  if (samples.every((sample) => Math.abs(sample) < LEAST_PEAK)) return new Uint8Array(steps);
  return heardSteps({ kind: undefined }, samples, steps, audio);
}

function indexOfNearest(times: readonly number[], wanted: number): number {
  let best = 0;
  for (const [i, time] of times.entries()) {
    if (Math.abs(time - wanted) < Math.abs(times[best] - wanted)) best = i;
  }
  return best;
}
