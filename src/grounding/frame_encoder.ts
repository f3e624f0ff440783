import type { Encoders, ImageFeatures } from "../model/encoders.ts";
import type { HeldFrame } from "../ring/frame_ring.ts";
import { headNorms, longestNorms } from "./feature_norms.ts";
import type { RollingCounts } from "./rolling_stats.ts";
import { looksSame, type PictureLook, StillPicture } from "./still_picture.ts";

/** A frame's image features. */
export interface EncodedFrame {
  readonly ptsNs: number;
  /** `[C, h, w]` */
  readonly features: Float32Array;
  readonly cls?: Float32Array;
}

/** A frame whose encoding began before a step needed it. */
interface FrameAhead {
  readonly ptsNs: number;
  readonly look: PictureLook | undefined;
  readonly features: Promise<ImageFeatures>;
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
  /** In order of time. */
  #ahead: FrameAhead[] = [];
  /** Time of the newest frame that `ahead` has decided on. */
  #decidedNs = -Infinity;
  /** The run of the encoder under way; never rejects. */
  #running: Promise<void> | undefined;

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

  /** The frame that was encoded last, if it is no farther than this from a time. */
  near(ptsNs: number, distanceNs: number): EncodedFrame | undefined {
    const encoded = this.#encoded;
    return encoded && Math.abs(encoded.ptsNs - ptsNs) <= distanceNs ? encoded : undefined;
  }

  /**
   * Begins to encode a frame that a step will probably need, unless the encoder is busy or the picture shows the same as one
   * that is encoded. Changes no result: `encode` decides on each frame as if this had not been called.
   *
   * @returns settles when the encoder is free; undefined if nothing was begun.
   */
  ahead(frame: HeldFrame): Promise<void> | undefined {
    if (this.#running || frame.ptsNs <= this.#decidedNs) return undefined;
    this.#decidedNs = frame.ptsNs;
    const look = this.#still?.look(frame.data);
    const like = this.#ahead.at(-1)?.look ?? this.#still?.reference;
    if (look && like && looksSame(look, like)) return undefined;
    this.#ahead.push({ ptsNs: frame.ptsNs, look, features: this.#run(frame) });
    return this.#running;
  }

  async #encode(frame: HeldFrame): Promise<EncodedFrame> {
    const { ptsNs } = frame;
    this.#decidedNs = Math.max(this.#decidedNs, ptsNs);
    const begun = this.#takeAhead(ptsNs);
    const same = this.#still?.isSame(frame.data, begun?.look) ?? false;
    if (same && this.#encoded) {
      if (begun) this.#counts.unusedFrames++;
      this.#counts.reusedFrames++;
      return this.#encoded = { ...this.#encoded, ptsNs };
    }
    // If the encoder fails, nothing must be reused.
    this.#encoded = undefined;
    const { features, cls } = await (begun?.features ?? this.#run(frame));
    this.#counts.encodedFrames++;
    this.#raiseBounds(features);
    return this.#encoded = { ptsNs, features, cls };
  }

  /** The frame of that time if its encoding has begun; forgets those before it. */
  #takeAhead(ptsNs: number): FrameAhead | undefined {
    const begun = this.#ahead.find((ahead) => ahead.ptsNs === ptsNs);
    const later = this.#ahead.filter((ahead) => ahead.ptsNs > ptsNs);
    this.#counts.unusedFrames += this.#ahead.length - later.length - (begun ? 1 : 0);
    this.#ahead = later;
    return begun;
  }

  /** Runs the encoder after the run under way: two at once would double the memory of its activations. */
  #run(frame: HeldFrame): Promise<ImageFeatures> {
    // The ring may use its memory again while the encoder reads.
    const data = frame.data.slice();
    const before = this.#running;
    const features = before
      ? before.then(() => this.#encoders.encodeImages(data, 1))
      : this.#encoders.encodeImages(data, 1);
    const running = features.then(() => {}, () => {}).then(() => {
      if (this.#running === running) this.#running = undefined;
    });
    this.#running = running;
    return features;
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
