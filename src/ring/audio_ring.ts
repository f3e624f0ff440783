/** Jitter of time stamps that still counts as gapless, in seconds. */
const TOLERANCE = 0.01;

/**
 * The newest samples of one mono stream in fixed memory, addressed by absolute sample index: index 0 is running time 0.
 *
 * Gaps read as zeros, overlaps are cut, the oldest samples are overwritten; writing never waits for a reader.
 */
export class AudioRing {
  readonly sampleRate: number;
  readonly capacity: number;
  readonly #samples: Float32Array;
  #begin: number | undefined;
  #end = 0;
  #read = -Infinity;
  #overwritten = 0;
  #missing = 0;

  /** @param seconds how much sound is kept; at least one sample. */
  constructor(sampleRate: number, seconds: number) {
    this.sampleRate = sampleRate;
    this.capacity = Math.ceil(sampleRate * seconds);
    if (!(this.capacity >= 1)) {
      throw new RangeError(`Cannot make an audio ring: seconds must be above 0, got ${seconds}`);
    }
    this.#samples = new Float32Array(this.capacity);
  }

  /** Index of the first sample ever written; undefined before. */
  get begin(): number | undefined {
    return this.#begin;
  }

  /** One past the newest sample's index. */
  get end(): number {
    return this.#end;
  }

  /** Running time of `end` in ns. */
  get endNs(): number {
    return this.timeNs(this.#end);
  }

  /** Samples lost because they were overwritten before any reader had taken them. */
  get overwritten(): number {
    return this.#overwritten;
  }

  /** Samples that a gap in the stream left out; they read as zeros. */
  get missing(): number {
    return this.#missing;
  }

  /** Running time in ns of a sample index. */
  timeNs(index: number): number {
    return index * 1e9 / this.sampleRate;
  }

  /** Sample index at a running time in ns. */
  indexAt(ptsNs: number): number {
    return Math.round(ptsNs * this.sampleRate / 1e9);
  }

  /**
   * Appends samples whose first one was captured at `ptsNs`.
   *
   * Time stamps within 10 ms of the expected ones count as gapless, so that jitter does not tear the signal.
   */
  write(samples: Float32Array, ptsNs: number): void {
    let start = this.indexAt(ptsNs);
    if (this.#begin === undefined) {
      this.#begin = this.#end = start;
    } else if (Math.abs(start - this.#end) <= TOLERANCE * this.sampleRate) {
      start = this.#end;
    }
    if (start > this.#end) {
      this.#skipTo(start);
    }
    const fresh = samples.subarray(Math.max(0, this.#end - start));
    const end = this.#end + fresh.length;
    this.#loseBefore(end - this.capacity);
    const kept = fresh.subarray(Math.max(0, fresh.length - this.capacity));
    this.#put(kept, end - kept.length);
    this.#end = end;
  }

  /**
   * Copies the samples `[end - out.length, end)` to `out`; what was never written or is overwritten reads as zeros.
   *
   * @returns how many of them were really there.
   */
  read(end: number, out: Float32Array): number {
    const start = end - out.length;
    const oldest = Math.max(this.#begin ?? this.#end, this.#end - this.capacity);
    const from = Math.min(Math.max(start, oldest), end);
    const to = Math.max(from, Math.min(end, this.#end));
    out.fill(0, 0, from - start);
    out.fill(0, to - start);
    for (let index = from; index < to;) {
      const slot = modulo(index, this.capacity);
      const count = Math.min(to - index, this.capacity - slot);
      out.set(this.#samples.subarray(slot, slot + count), index - start);
      index += count;
    }
    this.#read = Math.max(this.#read, to);
    return to - from;
  }

  #skipTo(end: number): void {
    this.#missing += end - this.#end;
    this.#loseBefore(Math.min(end - this.capacity, this.#end));
    const count = Math.min(end - this.#end, this.capacity);
    this.#put(new Float32Array(count), end - count);
    this.#end = end;
  }

  #loseBefore(index: number): void {
    const oldest = Math.max(this.#begin!, this.#end - this.capacity);
    this.#overwritten += Math.max(0, index - Math.max(oldest, this.#read));
  }

  #put(samples: Float32Array, index: number): void {
    const slot = modulo(index, this.capacity);
    const first = samples.subarray(0, this.capacity - slot);
    this.#samples.set(first, slot);
    this.#samples.set(samples.subarray(first.length), 0);
  }
}

const modulo = (value: number, by: number) => ((value % by) + by) % by;
