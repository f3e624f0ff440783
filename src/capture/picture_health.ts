import { Buffer } from "node:buffer";

/** What is wrong with the picture of a camera. */
export type PictureFault = "black" | "frozen";

/** Time between two frames that are judged, ns. */
const EVERY_NS = 1e9;
/** A picture without a brighter value is black: the lower end of video range. */
const BLACK = 16;

/** How long a picture must be wrong, s. A fixed camera's compressed stream may repeat a picture for some seconds. */
export interface PictureLimits {
  readonly black: number;
  readonly frozen: number;
}

/** Detects a camera that delivers frames, but nothing to see. It judges one frame per second. */
export class PictureHealth {
  /** What has been wrong for at least its limit. */
  fault: PictureFault | undefined;
  readonly #limits: PictureLimits;
  #last: Uint8Array | undefined;
  #judgedNs = -Infinity;
  #changedNs = 0;
  #brightNs = 0;

  constructor(limits: PictureLimits = { black: 10, frozen: 30 }) {
    this.#limits = limits;
  }

  /** Whether a frame of this time would be judged. */
  due(ptsNs: number): boolean {
    return ptsNs - this.#judgedNs >= EVERY_NS;
  }

  /** Takes the next frame: RGB bytes. */
  take(ptsNs: number, frame: Uint8Array): void {
    if (!this.due(ptsNs)) return;
    this.#judgedNs = ptsNs;
    if (this.#last === undefined || Buffer.compare(this.#last, frame) !== 0) {
      this.#changedNs = ptsNs;
    }
    if (this.#last === undefined || frame.some((value) => value > BLACK)) this.#brightNs = ptsNs;
    this.#last ??= new Uint8Array(frame.length);
    this.#last.set(frame);
    const { black, frozen } = this.#limits;
    this.fault = ptsNs - this.#brightNs >= black * 1e9
      ? "black"
      : ptsNs - this.#changedNs >= frozen * 1e9
      ? "frozen"
      : undefined;
  }
}
