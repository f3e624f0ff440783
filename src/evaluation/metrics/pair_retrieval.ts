import type { DenseFeatures } from "../clip_features.ts";
import { globalVector } from "./global_vectors.ts";
import { recalls, type RetrievalRecalls } from "./recall.ts";

/** A sound and the steps of it that are evaluated. */
export interface EncodedClip {
  readonly audio: DenseFeatures;
  /** 1 on the steps that are evaluated. */
  readonly steps: Uint8Array;
  /** Mean of the features over those steps. */
  readonly vector: Float32Array;
}

/** A clip with its global vector. */
export function encodedClip(audio: DenseFeatures, steps: Uint8Array): EncodedClip {
  return { audio, steps, vector: globalVector(audio, steps) };
}

/** Similarity of one picture with every sound. */
export interface PictureScores {
  readonly dense: ArrayLike<number>;
  readonly global: ArrayLike<number>;
}

/** Retrieval by dense features, and by one global vector per sound and picture. */
export interface RetrievalResult {
  readonly n: number;
  readonly dense: RetrievalRecalls;
  readonly global: RetrievalRecalls;
}

/**
 * Ranks pictures for each sound and sounds for each picture.
 *
 * @param pictures scores of picture i, which belongs to sound i
 * @param chosen pairs to rank among themselves
 */
export function retrievalResult(
  pictures: readonly PictureScores[],
  chosen: readonly number[] = [...pictures.keys()],
): RetrievalResult {
  const n = chosen.length;
  const matrix = (which: keyof PictureScores) =>
    recalls(
      Float32Array.from(
        { length: n * n },
        (_, i) => pictures[chosen[i % n]][which][chosen[Math.floor(i / n)]],
      ),
      n,
    );
  return { n, dense: matrix("dense"), global: matrix("global") };
}
