import { type DenseFeatures, stepsFirst } from "../clip_features.ts";
import { cosine, globalVector, headProducts } from "../metrics/global_vectors.ts";
import type { EncodedClip, PictureScores } from "../metrics/pair_retrieval.ts";
import type { ClipGrounder } from "./clip_grounder.ts";

/** Most values of a similarity volume per call, to bound memory. */
const VOLUME_VALUES = 1 << 24;

/** All sounds of a retrieval, prepared for comparison with one picture after another. */
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
   * Compares one picture with all sounds. The dense similarity is the original's: maximum over the picture, mean over the
   * evaluated steps (0 if there are none), sum over the heads. The global one is the cosine of two pooled vectors.
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

/** Evaluated time steps, and the clip that each belongs to. */
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
