import { Similarity } from "../../grounding/similarity.ts";
import type { Encoders } from "../../model/encoders.ts";
import type { Manifest } from "../../model/manifest.ts";
import type { Runtime } from "../../model/runtime/session.ts";
import { type ClipVolume, type DenseFeatures, stepsFirst } from "../clip_features.ts";
import type { Picture } from "../datasets/picture.ts";
import type { Size } from "../../core/resize_bilinear.ts";

/** Encodes whole clips and pictures and compares them, with the runtime that `run` uses. */
export class ClipGrounder {
  readonly manifest: Manifest;
  readonly grid: Size;
  /** Size of the model's picture. */
  readonly size: Size;
  readonly #encoders: Encoders;
  readonly #similarity: Similarity;
  readonly #noMargin: Float32Array;

  private constructor(encoders: Encoders, similarity: Similarity) {
    const { image } = encoders.manifest;
    this.manifest = encoders.manifest;
    this.grid = image.grid;
    this.size = { width: image.width, height: image.height };
    this.#encoders = encoders;
    this.#similarity = similarity;
    this.#noMargin = new Float32Array(image.grid.width * image.grid.height);
  }

  /** Builds the similarity graph for loaded encoders; the caller releases the encoders. */
  static async create(encoders: Encoders, runtime: Runtime): Promise<ClipGrounder> {
    const { channels, heads, image: { grid } } = encoders.manifest;
    const similarity = await Similarity.load(runtime, {
      channels,
      heads: heads.length,
      gridHeight: grid.height,
      gridWidth: grid.width,
      // One call compares many clips, each with its own class token, with a picture; `volume` adds those.
      classToken: false,
    });
    return new ClipGrounder(encoders, similarity);
  }

  /** @param picture of the model's size */
  async encodePicture(picture: Picture): Promise<DenseFeatures> {
    return this.#dense(await this.#encoders.encodeImages(picture.data, 1));
  }

  /** A clip shorter than the encoder accepts is padded with silence. */
  async encodeSound(samples: Float32Array): Promise<DenseFeatures> {
    const { min_samples } = this.manifest.audio;
    let window = samples;
    if (samples.length < min_samples) {
      window = new Float32Array(min_samples);
      window.set(samples);
    }
    return this.#dense(await this.#encoders.encodeAudio(window));
  }

  /** Similarity volume of one clip with one picture. */
  async volume(audio: DenseFeatures, image: DenseFeatures): Promise<ClipVolume> {
    const heads = this.manifest.heads.length;
    const { volume, activation } = await this.#compare(stepsFirst(audio), image);
    const steps = audio.cells;
    const bias = this.#classProducts(audio, image);
    if (bias.some((value) => value !== 0)) {
      volume.forEach((value, i) =>
        volume[i] = value + bias[Math.floor(i / (volume.length / heads))]
      );
      activation.forEach((value, i) => activation[i] = value + bias[Math.floor(i / steps)]);
    }
    return { heads, steps, volume, activation };
  }

  /**
   * The maximum similarity over a picture for any number of time steps, without class tokens.
   *
   * @param rows `[S, C]`, see {@linkcode stepsFirst}
   * @returns `[K, S]`
   */
  async activations(rows: Float32Array, image: DenseFeatures): Promise<Float32Array> {
    return (await this.#compare(rows, image)).activation;
  }

  /** Releases the similarity graph. */
  release(): Promise<void> {
    return this.#similarity.release();
  }

  #dense(
    { features, cls, presence }: {
      features: Float32Array;
      cls?: Float32Array;
      presence?: Float32Array;
    },
  ): DenseFeatures {
    const { channels } = this.manifest;
    const cells = features.length / channels;
    return { items: 1, channels, cells, data: features, classTokens: cls, presence };
  }

  #compare(rows: Float32Array, image: DenseFeatures) {
    return this.#similarity.compute({ audio: rows, image: image.data, margin: this.#noMargin });
  }

  #classProducts(audio: DenseFeatures, image: DenseFeatures): Float32Array {
    const heads = this.manifest.heads.length;
    const code = audio.channels / heads;
    const products = new Float32Array(heads);
    const [heard, seen] = [audio.classTokens, image.classTokens];
    if (!heard || !seen) return products;
    for (let c = 0; c < audio.channels; c++) products[Math.floor(c / code)] += heard[c] * seen[c];
    return products;
  }
}
