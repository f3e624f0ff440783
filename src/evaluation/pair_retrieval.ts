import type { DenseFeatures } from "./aggregation.ts";
import type { ClipGrounder } from "./clip_grounder.ts";
import { cosine, globalVector } from "./global_vectors.ts";
import { recalls, type RetrievalRecalls } from "./recall.ts";

/** A sound and the steps of it that count. */
export interface EncodedClip {
  readonly audio: DenseFeatures;
  /** 1 on the steps that count. */
  readonly steps: Uint8Array;
}

/** One picture's similarity with every sound. */
export interface PictureScores {
  readonly dense: ArrayLike<number>;
  readonly global: ArrayLike<number>;
}

/** Retrieval by dense features, and by one global vector each. */
export interface RetrievalResult {
  readonly n: number;
  readonly dense: RetrievalRecalls;
  readonly global: RetrievalRecalls;
}

/** Values of a similarity volume that one call may make, to bound memory. */
const VOLUME_VALUES = 1 << 24;

/**
 * Compares one picture with all sounds. The dense similarity is the original's: the largest over the picture, mean over
 * the steps that count, summed over the heads; the global one the cosine between two pooled vectors.
 */
export async function scorePicture(
  grounder: ClipGrounder,
  clips: readonly EncodedClip[],
  image: DenseFeatures,
): Promise<PictureScores> {
  const dense: number[] = [];
  for (const chunk of chunks(clips, grounder.manifest.heads.length * image.cells)) {
    const activations = await grounder.activations(chunk.map(({ audio }) => audio), image);
    chunk.forEach(({ steps }, i) => dense.push(pooled(activations[i], steps)));
  }
  const seen = globalVector(image);
  const global = clips.map(({ audio, steps }) => cosine(globalVector(audio, steps), seen));
  return { dense, global };
}

/** @param pictures scores of picture i, whose partner is sound i */
export function retrievalResult(pictures: readonly PictureScores[]): RetrievalResult {
  const n = pictures.length;
  const matrix = (which: keyof PictureScores) =>
    recalls(
      Float32Array.from({ length: n * n }, (_, i) => pictures[i % n][which][Math.floor(i / n)]),
      n,
    );
  return { n, dense: matrix("dense"), global: matrix("global") };
}

/** Sum over heads of the mean over chosen steps; 0 when none is chosen, as in the original. */
function pooled(activation: Float32Array, steps: Uint8Array): number {
  let sum = 0;
  let count = 0;
  for (const on of steps) count += on;
  for (let i = 0; i < activation.length; i++) sum += activation[i] * steps[i % steps.length];
  return sum / Math.max(1, count);
}

function* chunks(clips: readonly EncodedClip[], valuesAStep: number): Iterable<EncodedClip[]> {
  let chunk: EncodedClip[] = [];
  let values = 0;
  for (const clip of clips) {
    const size = clip.audio.cells * valuesAStep;
    if (chunk.length > 0 && values + size > VOLUME_VALUES) {
      yield chunk;
      [chunk, values] = [[], 0];
    }
    chunk.push(clip);
    values += size;
  }
  if (chunk.length > 0) yield chunk;
}
