import type { AudioChunk } from "./media.ts";

/** Jitter of time stamps that is not a gap: containers round to 1 ms, RTP senders wander by several. */
const TOLERANCE_NS = 20e6;

/**
 * Puts buffers of samples on one gapless, overlap-free line: small jitter is smoothed away, a real gap
 * stays a jump of `ptsNs`, samples that were heard already are cut off.
 */
export class AudioTimeline {
  readonly #sampleNs: number;
  #expectedNs: number | undefined;

  constructor(sampleRate: number) {
    this.#sampleNs = 1e9 / sampleRate;
  }

  /** Places samples that start at `ptsNs` (may be negative: what lies before 0 is cut off). */
  place(ptsNs: number, samples: Float32Array): AudioChunk | undefined {
    let startNs = ptsNs;
    const floorNs = this.#expectedNs ?? 0;
    if (this.#expectedNs !== undefined && Math.abs(ptsNs - this.#expectedNs) <= TOLERANCE_NS) {
      startNs = this.#expectedNs;
    }
    if (startNs < floorNs) {
      const heard = Math.ceil((floorNs - startNs) / this.#sampleNs);
      samples = samples.subarray(heard);
      startNs += heard * this.#sampleNs;
    }
    if (samples.length === 0) return undefined;
    this.#expectedNs = startNs + samples.length * this.#sampleNs;
    return { ptsNs: startNs, samples };
  }
}
