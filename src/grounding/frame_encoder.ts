import type { Encoders } from "../model/encoders.ts";
import type { HeldFrame } from "../ring/frame_ring.ts";
import { headNorms, longestNorms } from "./feature_norms.ts";
import type { RollingCounts } from "./rolling_stats.ts";
import { StillPicture } from "./still_picture.ts";

/** A frame's image features. */
export interface EncodedFrame {
  readonly ptsNs: number;
  /** `[C, h, w]` */
  readonly features: Float32Array;
  readonly cls?: Float32Array;
}

/** Encodes each frame once, and none that shows the same as the one before; knows how long its features can be. */
export class FrameEncoder {
  /** Called with the features of each frame that a step needs, once. */
  onFrame: ((frame: EncodedFrame) => void) | undefined;
  readonly #encoders: Encoders;
  readonly #counts: RollingCounts;
  readonly #still: StillPicture | undefined;
  readonly #heads: number;
  readonly #cells: number;
  /** Per head, no image feature is longer; undefined where that is not known. */
  readonly #bounds: (number | undefined)[];
  #encoded: EncodedFrame | undefined;

  /** @param reuse whether a picture without change uses the features of the frame before it. */
  constructor(encoders: Encoders, counts: RollingCounts, reuse: boolean) {
    const { image, heads, class_token } = encoders.manifest;
    this.#encoders = encoders;
    this.#counts = counts;
    // A shift of the picture by a small part of a cell changes its features little.
    const cell = Math.ceil(image.width / image.grid.width);
    this.#still = reuse ? new StillPicture(image.width, image.height, cell) : undefined;
    this.#heads = heads.length;
    this.#cells = image.grid.width * image.grid.height;
    // A class token adds to every activation, however short the features are.
    this.#bounds = heads.map(({ bound }) => class_token ? undefined : bound);
  }

  /**
   * Whether no head can reach its floor with any picture: `|a · v| ≤ ‖a‖ ‖v‖`.
   *
   * @param code audio features of one step, `[C]`.
   */
  isWeak(code: Float32Array, floors: readonly (number | undefined)[]): boolean {
    const norms = headNorms(code, this.#heads);
    return this.#bounds.every((bound, k) => {
      const floor = floors[k];
      return bound !== undefined && floor !== undefined && norms[k] * bound < floor;
    });
  }

  /** @throws {ModelError} when inference fails. */
  async encode(frame: HeldFrame): Promise<EncodedFrame> {
    if (this.#encoded?.ptsNs === frame.ptsNs) return this.#encoded;
    const encoded = await this.#encode(frame);
    this.onFrame?.(encoded);
    return encoded;
  }

  async #encode(frame: HeldFrame): Promise<EncodedFrame> {
    const { ptsNs } = frame;
    const same = this.#still?.isSame(frame.data) ?? false;
    if (same && this.#encoded) {
      this.#counts.reusedFrames++;
      return this.#encoded = { ...this.#encoded, ptsNs };
    }
    // If the encoder fails, nothing must be reused.
    this.#encoded = undefined;
    // The ring may use its memory again while the encoder reads.
    const { features, cls } = await this.#encoders.encodeImages(frame.data.slice(), 1);
    this.#counts.encodedFrames++;
    this.#raiseBounds(features);
    return this.#encoded = { ptsNs, features, cls };
  }

  /** A picture unlike those that the bounds were measured on may have longer features. */
  #raiseBounds(features: Float32Array): void {
    if (this.#bounds.every((bound) => bound === undefined)) return;
    const longest = longestNorms(features, this.#heads, this.#cells);
    this.#bounds.forEach((bound, k) => {
      if (bound !== undefined) this.#bounds[k] = Math.max(bound, longest[k]);
    });
  }
}
