import type { Sample } from "./capture_pipeline.ts";
import type { Frame } from "./media.ts";

/** A frame that is made on the first read. */
export class LateFrame implements Frame {
  readonly ptsNs: number;
  readonly #sample: Sample;
  readonly #read: () => Uint8Array;
  #data: Uint8Array | undefined;

  /** @param read makes the frame; called at most once. */
  constructor(ptsNs: number, sample: Sample, read: () => Uint8Array) {
    this.ptsNs = ptsNs;
    this.#sample = sample;
    this.#read = read;
  }

  get data(): Uint8Array {
    return this.#data ??= this.#read();
  }

  release(): void {
    this.#sample.release?.();
  }
}
