import type { AudioFeatures, Encoders } from "../model/encoders.ts";

/**
 * Encodes windows of one recording and computes no column of audio twice: those that an earlier window has in common with
 * the next one are given to the encoder again. Features are the same to rounding.
 */
export class WindowColumns {
  readonly #encoders: Encoders;
  readonly #samples: number;
  readonly #field: number;
  readonly #channels: number;
  /** Number of the first kept column since the recording's begin. */
  #first = 0;
  /** `[t, channels]` */
  #kept: Float32Array = new Float32Array(0);

  /** @throws {TypeError} for encoders that take no columns. */
  constructor(encoders: Encoders) {
    const { columns } = encoders.manifest.audio;
    if (!columns || !encoders.takesColumns) throw new TypeError("The encoders take no columns");
    this.#encoders = encoders;
    this.#samples = columns.samples;
    this.#field = columns.receptive_field;
    this.#channels = columns.channels;
  }

  /**
   * @param start of the window in the recording, samples; a multiple of those from one column to the next.
   * @returns features of the window, and how many of its samples had to be encoded.
   */
  async encode(
    window: Float32Array,
    start: number,
  ): Promise<{ audio: AudioFeatures; encoded: number }> {
    const first = start / this.#samples;
    const from = first - this.#first;
    const kept = from >= 0 ? this.#kept.subarray(from * this.#channels) : new Float32Array(0);
    // A window that ends where the last one did has one new column at least.
    const most = Math.floor((window.length - this.#field) / this.#samples);
    const count = Math.min(kept.length / this.#channels, most);
    const rest = window.subarray(count * this.#samples);
    const audio = count > 0
      ? await this.#encoders.encodeAudio(rest, 1, {
        columns: kept.subarray(0, count * this.#channels),
      })
      : await this.#encoders.encodeAudio(window);
    this.#first = first;
    this.#kept = audio.columns!;
    return { audio, encoded: rest.length };
  }
}
