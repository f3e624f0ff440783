import type { AudioChunk } from "./media.ts";

/** Jitter of time stamps that is not a gap, s: containers round to 1 ms, RTP senders wander by several. */
const TOLERANCE = 0.02;
/** Mean offset of the time stamps above which the audio is stretched, s; jitter alone stays below it. */
const DRIFT = 0.005;
/** Time constant of that mean, s. */
const MEMORY = 20;
/** Minimum number of samples between two corrections by one sample: at most 0.3 % of the speed. */
const SPACING = 320;

/**
 * Places audio buffers on a grid of whole samples, without overlaps. This is the only place where time stamps are repaired.
 *
 * Jitter is removed. Drift between the audio clock and the time stamps is followed by stretching or shrinking the audio by
 * single samples. A real gap remains a jump of `ptsNs`; overlapping samples are cut off.
 */
export class AudioTimeline {
  readonly #rate: number;
  /** Index of the next sample; undefined before the first. */
  #next: number | undefined;
  /** Mean offset of the time stamps from the grid, samples. */
  #offset = 0;
  #sinceCorrection = 0;
  #added = 0;
  #removed = 0;

  constructor(sampleRate: number) {
    this.#rate = sampleRate;
  }

  /** Samples added because the audio clock is slower than the time stamps. */
  get added(): number {
    return this.#added;
  }

  /** Samples removed because the audio clock is faster than the time stamps. */
  get removed(): number {
    return this.#removed;
  }

  /** Places samples that start at `ptsNs`; samples before running time 0 are cut off. */
  place(ptsNs: number, samples: Float32Array): AudioChunk | undefined {
    let start = Math.round(ptsNs * this.#rate / 1e9);
    const floor = this.#next ?? 0;
    if (this.#next !== undefined && Math.abs(start - this.#next) <= TOLERANCE * this.#rate) {
      samples = this.#follow(start - this.#next, samples);
      start = this.#next;
    } else {
      this.#offset = 0;
    }
    if (start < floor) {
      samples = samples.subarray(floor - start);
      start = floor;
    }
    if (samples.length === 0) return undefined;
    this.#next = start + samples.length;
    return { ptsNs: start * 1e9 / this.#rate, samples };
  }

  /** Stretches or shrinks the samples if the time stamps have long been ahead of or behind the grid. */
  #follow(offset: number, samples: Float32Array): Float32Array {
    const weight = 1 - Math.exp(-samples.length / (MEMORY * this.#rate));
    this.#offset += weight * (offset - this.#offset);
    this.#sinceCorrection += samples.length;
    const excess = Math.abs(this.#offset) - DRIFT * this.#rate;
    const spaced = Math.floor(this.#sinceCorrection / SPACING);
    const count = Math.min(spaced, Math.ceil(excess), samples.length >> 2);
    if (count <= 0) return samples;
    this.#sinceCorrection = 0;
    const change = count * Math.sign(this.#offset);
    this.#offset -= change;
    if (change > 0) this.#added += change;
    else this.#removed -= change;
    return resample(samples, samples.length + change);
  }
}

/** Resamples to `count` samples by cubic interpolation; the first and the last sample keep their places. */
function resample(samples: Float32Array, count: number): Float32Array {
  const last = samples.length - 1;
  const step = last / (count - 1);
  return Float32Array.from({ length: count }, (_, at) => {
    const place = at * step;
    const index = Math.min(Math.floor(place), last);
    const t = place - index;
    const [a, b, c, d] = [-1, 0, 1, 2].map((shift) =>
      samples[Math.min(Math.max(index + shift, 0), last)]
    );
    return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
  });
}
