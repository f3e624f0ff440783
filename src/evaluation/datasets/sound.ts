import decode from "audio-decode";
import { unreadable } from "../evaluation_error.ts";
import { resampleSound } from "./resample_sound.ts";

/**
 * Decodes a WAV, MP3, FLAC or Ogg file: its first channel, as in the original, at the given rate.
 *
 * @returns samples in -1..1
 * @throws {EvaluationError} when the file is missing, empty or not audio.
 */
export async function readSound(file: string, sampleRate: number): Promise<Float32Array> {
  try {
    const { channelData: [samples], sampleRate: found } = await decode(await Deno.readFile(file));
    if (!samples?.length) throw new Error("no samples");
    return resampleSound(samples, found, sampleRate);
  } catch (cause) {
    throw unreadable(file, "sound", cause);
  }
}

/** A clip of fixed length and the mask of its real samples. */
export interface PaddedSound {
  readonly samples: Float32Array;
  /** 1 on real samples, 0 on padding. */
  readonly mask: Uint8Array;
}

/** Pads with silence at the end, or cuts the end off. */
export function padSound(samples: Float32Array, length: number): PaddedSound {
  const padded = new Float32Array(length);
  padded.set(samples.subarray(0, length));
  return { samples: padded, mask: new Uint8Array(length).fill(1, 0, samples.length) };
}

/**
 * Zero mean and unit variance over the whole clip, padding included: the normalization of HuBERT's input processor and of
 * the original's validation.
 */
export function normalizeSound(samples: Float32Array): Float32Array {
  let sum = 0;
  for (const sample of samples) sum += sample;
  const mean = sum / samples.length;
  let squares = 0;
  for (const sample of samples) squares += (sample - mean) ** 2;
  const deviation = Math.sqrt(squares / samples.length + 1e-7);
  return samples.map((sample) => (sample - mean) / deviation);
}
