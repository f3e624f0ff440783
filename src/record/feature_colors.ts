import { Matrix } from "ml-matrix";
import { PCA } from "ml-pca";
import type { Timed } from "./clip_maps.ts";

/** Features that the components are fitted on at most. */
const MOST_SAMPLES = 4000;
const COMPONENTS = 3;
/** Share of the sampled values at each end that is beyond the range of colors. */
const BEYOND = 0.02;

/** Turns image features into colors: their first three principal components are red, green and blue. */
export class FeatureColors {
  readonly #pca: PCA;
  readonly #cells: number;
  /** Per component, the value that becomes 0, and what the rest is multiplied by to get 0..1. */
  readonly #ranges: readonly { readonly lowest: number; readonly scale: number }[];

  /**
   * Fits the components over all frames, so that a color means the same in each. Signs do not depend on chance: the loading
   * that is farthest from 0 counts as positive.
   *
   * @param features `[C, h, w]` of each frame; at least one.
   * @param gridCells h × w.
   * @param inPicture indices of the cells that count.
   */
  constructor(features: readonly Timed[], gridCells: number, inPicture: readonly number[]) {
    this.#cells = gridCells;
    const total = features.length * inPicture.length;
    const count = Math.min(total, MOST_SAMPLES);
    const samples = new Matrix(count, features[0].values.length / gridCells);
    for (let i = 0; i < count; i++) {
      const at = Math.floor(i * total / count);
      const { values } = features[Math.floor(at / inPicture.length)];
      const cell = inPicture[at % inPicture.length];
      for (let c = 0; c < samples.columns; c++) samples.set(i, c, values[c * gridCells + cell]);
    }
    this.#pca = new PCA(samples, { method: "covarianceMatrix" });
    const loadings = this.#pca.getLoadings();
    const values = this.#pca.predict(samples, { nComponents: COMPONENTS });
    this.#ranges = Array.from({ length: COMPONENTS }, (_, k) => {
      const sorted = values.getColumn(k).toSorted((a, b) => a - b);
      const low = sorted[Math.floor(BEYOND * (count - 1))];
      const high = sorted[Math.ceil((1 - BEYOND) * (count - 1))];
      const farthest = loadings.getRow(k).reduce((a, b) => Math.abs(b) > Math.abs(a) ? b : a);
      const scale = 1 / Math.max(high - low, Number.EPSILON);
      return farthest > 0 ? { lowest: low, scale } : { lowest: high, scale: -scale };
    });
  }

  /** @returns red, green and blue of each cell, `[3, h, w]`, 0..1. */
  colors(features: Float32Array): Float32Array {
    const rows = new Matrix(this.#cells, features.length / this.#cells);
    for (let i = 0; i < features.length; i++) {
      rows.set(i % this.#cells, Math.floor(i / this.#cells), features[i]);
    }
    const values = this.#pca.predict(rows, { nComponents: COMPONENTS });
    return Float32Array.from({ length: COMPONENTS * this.#cells }, (_, i) => {
      const k = Math.floor(i / this.#cells);
      const { lowest, scale } = this.#ranges[k];
      return Math.max(0, Math.min(1, (values.get(i % this.#cells, k) - lowest) * scale));
    });
  }
}
