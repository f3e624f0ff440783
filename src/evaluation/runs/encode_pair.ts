import type { DenseFeatures } from "../clip_features.ts";
import type { ClipGrounder } from "./clip_grounder.ts";
import { type EncodedClip, encodedClip } from "../metrics/pair_retrieval.ts";
import type { Pair } from "../datasets/pair_set.ts";
import { readPicture } from "../datasets/picture.ts";
import { coverPicture, resamplePicture } from "../datasets/resample_picture.ts";
import { normalizeSound, padSound, readSound } from "../datasets/sound.ts";
import { featureMask, stepsDuring } from "../metrics/time_mask.ts";

/** Length to which the original's loaders pad or cut every clip, in samples at 16 kHz. */
export const PUBLISHED_SAMPLES = 164200;

/** How the files of a data set become the model's inputs. */
export interface PairInput {
  /** Crop and pad as the original's loaders do; else stretch pictures and use whole clips. */
  readonly published: boolean;
  /** Normalize to zero mean and unit variance, as the original's validation does. */
  readonly normalizeAudio: boolean;
}

/** Encodes a pair's sound. */
export async function encodePairSound(
  grounder: ClipGrounder,
  pair: Pick<Pair, "audio" | "heard">,
  { published, normalizeAudio }: PairInput,
): Promise<EncodedClip> {
  const { audio: times } = grounder.manifest;
  const raw = await readSound(pair.audio, times.sample_rate);
  const { samples, mask } = padSound(raw, published ? PUBLISHED_SAMPLES : raw.length);
  const audio = await grounder.encodeSound(normalizeAudio ? normalizeSound(samples) : samples);
  if (!pair.heard) return encodedClip(audio, featureMask(mask, audio.cells));
  return encodedClip(audio, stepsDuring(pair.heard, times, audio.cells));
}

/** Encodes a pair's picture. */
export async function encodePairPicture(
  grounder: ClipGrounder,
  { image }: Pick<Pair, "image">,
  { published }: Pick<PairInput, "published">,
): Promise<DenseFeatures> {
  const picture = await readPicture(image);
  const fit = published ? coverPicture : resamplePicture;
  return await grounder.encodePicture(fit(picture, grounder.size));
}
