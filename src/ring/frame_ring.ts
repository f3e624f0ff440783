/** One frame in a ring; valid until it is dropped. */
export interface HeldFrame {
  readonly ptsNs: number;
  readonly data: Uint8Array;
}

/** A frame that may keep something until it is released. */
interface ReleasableFrame extends HeldFrame {
  /** Called once, when it is dropped. */
  release?(): void;
}

/** The newest frames of one stream, ordered by time, in memory that is used again: V8 would free it late. */
export class FrameRing {
  readonly slots: number;
  readonly frameBytes: number;
  readonly #held: ReleasableFrame[] = [];
  /** Memory of dropped frames. */
  readonly #free: Uint8Array[] = [];
  /** How many of the oldest frames held were found, or are older than one that was. */
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
  }

  /** Number of frames in the ring. */
  get length(): number {
    return this.#held.length;
  }

  /** Time of the newest frame in ns; -Infinity while there is none. */
  get newestNs(): number {
    return this.#held.at(-1)?.ptsNs ?? -Infinity;
  }

  /** Frames dropped for newer ones before any reader had read them or a newer one. */
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
    if (!this.#accepts(ptsNs)) return;
    const copy = this.#free.pop() ?? new Uint8Array(this.frameBytes);
    copy.set(data);
    this.#held.push({ ptsNs, data: copy, release: () => this.#free.push(copy) });
  }

  /** Keeps a frame itself and releases it when it is dropped; one that is not newer than the newest is rejected and counted. */
  hold(frame: ReleasableFrame): void {
    if (this.#accepts(frame.ptsNs)) this.#held.push(frame);
    else frame.release?.();
  }

  /** Drops all frames. */
  clear(): void {
    this.#drop(this.#held.length);
  }

  /** Drops the frames that are not the nearest to any time from `fromNs` on. */
  forget(fromNs: number): void {
    let unneeded = 0;
    while (unneeded + 1 < this.#held.length && this.#held[unneeded + 1].ptsNs <= fromNs) unneeded++;
    this.#drop(unneeded);
  }

  /** The frame nearest in time to `ptsNs`, the earlier one of two equally near; undefined while there is none. */
  nearest(ptsNs: number): HeldFrame | undefined {
    let best = -1;
    let distance = Infinity;
    for (let i = 0; i < this.#held.length; i++) {
      const away = Math.abs(this.#held[i].ptsNs - ptsNs);
      if (away >= distance) break;
      best = i;
      distance = away;
    }
    this.#read = Math.max(this.#read, best + 1);
    return this.#held[best];
  }

  /** Makes room for a frame, or rejects it. */
  #accepts(ptsNs: number): boolean {
    if (ptsNs <= this.newestNs) {
      this.#rejected++;
      return false;
    }
    if (this.#held.length === this.slots) {
      if (this.#read === 0) this.#overwritten++;
      this.#drop(1);
    }
    return true;
  }

  #drop(count: number): void {
    for (const frame of this.#held.splice(0, count)) frame.release?.();
    this.#read = Math.max(0, this.#read - count);
  }
}
