/**
 * The newest samples of one mono stream in fixed memory, addressed by absolute sample index: index 0 is running time 0.
 *
 * Gaps read as zeros, the oldest samples are overwritten; writing never waits for a reader. Time stamps must have been
 * repaired: each write starts where the last one ended, or later.
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

  /** @param seconds length of the sound that is kept; at least one sample. */
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

  /** Samples overwritten before any reader had taken them. */
  get overwritten(): number {
    return this.#overwritten;
  }

  /** Samples missing in gaps of the stream; they read as zeros. */
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
   * @throws {RangeError} when they overlap samples written before.
   */
  write(samples: Float32Array, ptsNs: number): void {
    const start = this.indexAt(ptsNs);
    this.#begin ??= this.#end = start;
    if (start < this.#end) {
      throw new RangeError(
        `Cannot write samples: they must start at ${this.#end} or later, got ${start}`,
      );
    }
    if (start > this.#end) this.#skipTo(start);
    const end = this.#end + samples.length;
    this.#loseBefore(end - this.capacity);
    const kept = samples.subarray(Math.max(0, samples.length - this.capacity));
    this.#put(kept, end - kept.length);
    this.#end = end;
  }

  /**
   * Copies the samples `[end - out.length, end)` to `out`; samples never written or overwritten read as zeros.
   *
   * @returns how many of them were present.
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
