import type { DenseFeatures } from "./aggregation.ts";
import { type ClipGrounder, stepsFirst } from "../runs/clip_grounder.ts";
import { cosine, globalVector, headProducts } from "./global_vectors.ts";
import { recalls, type RetrievalRecalls } from "./recall.ts";

/** A sound and the steps of it that count. */
export interface EncodedClip {
  readonly audio: DenseFeatures;
  /** 1 on the steps that count. */
  readonly steps: Uint8Array;
  /** Mean of the features over those steps. */
  readonly vector: Float32Array;
}

/** A clip with its global vector. */
export function encodedClip(audio: DenseFeatures, steps: Uint8Array): EncodedClip {
  return { audio, steps, vector: globalVector(audio, steps) };
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

/** All sounds of a retrieval, made ready to be compared with one picture after the other. */
export class SoundGallery {
  readonly #grounder: ClipGrounder;
  readonly #clips: readonly EncodedClip[];
  readonly #batches: readonly Batch[];

  constructor(grounder: ClipGrounder, clips: readonly EncodedClip[]) {
    const { heads, image: { grid } } = grounder.manifest;
    const steps = Math.floor(VOLUME_VALUES / (heads.length * grid.width * grid.height));
    this.#grounder = grounder;
    this.#clips = clips;
    this.#batches = batches(clips, Math.max(1, steps));
  }

  /**
   * Compares one picture with all sounds. The dense similarity is the original's: the largest over the picture, mean
   * over the steps that count (0 when none does), summed over the heads; the global one the cosine between two pooled
   * vectors.
   */
  async score(image: DenseFeatures): Promise<PictureScores> {
    const dense = new Float64Array(this.#clips.length);
    for (const { rows, owners } of this.#batches) {
      const activation = await this.#grounder.activations(rows, image);
      activation.forEach((value, i) => dense[owners[i % owners.length]] += value);
    }
    const seen = globalVector(image);
    return {
      dense: this.#clips.map(({ audio, steps }, i) => {
        const count = steps.reduce((sum, on) => sum + on, 0);
        return dense[i] / Math.max(1, count) + tokenProduct(audio, image);
      }),
      global: this.#clips.map(({ vector }) => cosine(vector, seen)),
    };
  }
}

/**
 * @param pictures scores of picture i, whose partner is sound i
 * @param chosen ranks only these pairs among themselves
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

/** Time steps that count, and the clip that each belongs to. */
interface Batch {
  /** `[S, C]` */
  readonly rows: Float32Array;
  readonly owners: readonly number[];
}

function batches(clips: readonly EncodedClip[], most: number): Batch[] {
  const all = clips.flatMap(({ audio, steps }, owner) => {
    const rows = stepsFirst(audio);
    return [...steps.keys()].filter((step) => steps[step]).map((step) => ({
      owner,
      row: rows.subarray(step * audio.channels, (step + 1) * audio.channels),
    }));
  });
  const out: Batch[] = [];
  for (let first = 0; first < all.length; first += most) {
    const part = all.slice(first, first + most);
    const rows = new Float32Array(part.length * part[0].row.length);
    part.forEach(({ row }, i) => rows.set(row, i * row.length));
    out.push({ rows, owners: part.map(({ owner }) => owner) });
  }
  return out;
}

function tokenProduct({ classTokens: heard }: DenseFeatures, { classTokens: seen }: DenseFeatures) {
  return heard && seen ? headProducts(heard, seen, 1)[0] : 0;
}
