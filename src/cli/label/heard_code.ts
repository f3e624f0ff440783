import type { HeadKind } from "../../core/head_kind.ts";
import { readSound } from "../../evaluation/datasets/sound.ts";
import type { Encoders } from "../../model/encoders.ts";
import { UsageError } from "../exit.ts";

/** Longest part of a recording that is used, s. */
const LONGEST_SECONDS = 10;
/** Length of a recording's summed features, relative to one step of a clear sound, below which nothing is heard. */
const LEAST_LENGTH = 0.5;
/** Silence around a recording, s: a pipeline hears a word between silences, too. */
const PADDING_SECONDS = 0.5;

/** What the model heard in a recording. */
export interface HeardCode {
  readonly kind: HeadKind;
  /** `[C / K]`: sum of the head's audio features over time. */
  readonly code: Float32Array;
}

/**
 * Listens to a recording; undefined if the model hears nothing in it.
 *
 * @param kind of its head; by default that of the head that hears more.
 * @throws {UsageError} if the model has no such head.
 * @throws {EvaluationError} if the file cannot be read.
 */
export async function heardCode(
  encoders: Encoders,
  file: string,
  kind?: HeadKind,
): Promise<HeardCode | undefined> {
  const { audio, heads, name } = encoders.manifest;
  const rate = audio.sample_rate;
  const samples = (await readSound(file, rate)).subarray(0, LONGEST_SECONDS * rate);
  const padding = PADDING_SECONDS * rate;
  const window = new Float32Array(Math.max(audio.min_samples, samples.length + 2 * padding));
  window.set(samples, padding);
  const { features, dims: [, channels, steps] } = await encoders.encodeAudio(window);
  const sums = Float32Array.from(
    { length: channels },
    (_, c) => features.subarray(c * steps, (c + 1) * steps).reduce((sum, value) => sum + value, 0),
  );
  const width = channels / heads.length;
  const codes = heads.map((head, k) => ({
    kind: head.kind,
    code: sums.slice(k * width, (k + 1) * width),
  })).filter((head) => kind === undefined || head.kind === kind);
  if (codes.length === 0) {
    throw new UsageError(`Cannot label ${file}: ${name} has no head of kind ${kind}`);
  }
  const [loudest] = codes.toSorted((a, b) => Math.hypot(...b.code) - Math.hypot(...a.code));
  // The gates of a head make what is not of its kind short.
  return Math.hypot(...loudest.code) < LEAST_LENGTH ? undefined : loudest;
}
