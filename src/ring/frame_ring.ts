/** One frame in a ring; valid until it is overwritten. */
export interface HeldFrame {
  readonly ptsNs: number;
  readonly data: Uint8Array;
}

/** The newest frames of one stream in fixed memory, ordered by time. */
export class FrameRing {
  readonly slots: number;
  readonly frameBytes: number;
  readonly #memory: Uint8Array;
  readonly #pts: Float64Array;
  #written = 0;
  #read = 0;
  #overwritten = 0;
  #rejected = 0;

  /** @param slots number of frames kept. @param frameBytes size of each. */
  constructor(slots: number, frameBytes: number) {
    if (!(slots >= 1) || !(frameBytes >= 1)) {
      throw new RangeError(`Cannot make a frame ring of ${slots} slots of ${frameBytes} bytes`);
    }
    this.slots = slots;
    this.frameBytes = frameBytes;
    this.#memory = new Uint8Array(slots * frameBytes);
    this.#pts = new Float64Array(slots);
  }

  /** Number of frames in the ring. */
  get length(): number {
    return Math.min(this.#written, this.slots);
  }

  /** Time of the newest frame in ns; -Infinity while there is none. */
  get newestNs(): number {
    return this.#written === 0 ? -Infinity : this.#pts[(this.#written - 1) % this.slots];
  }

  /** Frames overwritten before any reader had read them or a newer one. */
  get overwritten(): number {
    return this.#overwritten;
  }

  /** Frames rejected because they were not newer than the newest. */
  get rejected(): number {
    return this.#rejected;
  }

  /**
   * Copies a frame in; one that is not newer than the newest is rejected and counted.
   *
   * @throws {RangeError} when its size is not `frameBytes`.
   */
  write(data: Uint8Array, ptsNs: number): void {
    if (data.length !== this.frameBytes) {
      throw new RangeError(
        `Cannot keep a frame: it must have ${this.frameBytes} bytes, got ${data.length}`,
      );
    }
    if (ptsNs <= this.newestNs) {
      this.#rejected++;
      return;
    }
    if (this.#written - this.slots >= this.#read) this.#overwritten++;
    const slot = this.#written % this.slots;
    this.#memory.set(data, slot * this.frameBytes);
    this.#pts[slot] = ptsNs;
    this.#written++;
  }

  /** The frame nearest in time to `ptsNs`, the earlier one of two equally near; undefined while there is none. */
  nearest(ptsNs: number): HeldFrame | undefined {
    const oldest = this.#written - this.length;
    let best = -1;
    let distance = Infinity;
    for (let number = oldest; number < this.#written; number++) {
      const away = Math.abs(this.#pts[number % this.slots] - ptsNs);
      if (away >= distance) break;
      best = number;
      distance = away;
    }
    if (best < 0) return undefined;
    this.#read = Math.max(this.#read, best + 1);
    const slot = best % this.slots;
    const begin = slot * this.frameBytes;
    return { ptsNs: this.#pts[slot], data: this.#memory.subarray(begin, begin + this.frameBytes) };
  }
}
