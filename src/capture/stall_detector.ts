/** Times without data, ms. */
export interface SilenceLimits {
  /** Until a stream is reported as starved. */
  readonly starvedAfterMs: number;
  /** Until a device has failed; more than `starvedAfterMs`. */
  readonly stalledAfterMs: number;
}

/** A longer pause between two looks means that the process was stopped or busy, ms. */
const LONGEST_PAUSE_MS = 300;

/**
 * Judges whether a source has stopped delivering although its connection is open, as a camera does that has lost its power or
 * its network. Only after it has delivered: until then, it may be negotiating.
 */
export class StallDetector {
  readonly #limitMs: number;
  #lookedMs: number;
  #silentMs = 0;
  #delivered = false;

  /** @param limitMs time without data that counts as a stall. */
  constructor(limitMs: number, nowMs: number) {
    this.#limitMs = limitMs;
    this.#lookedMs = nowMs;
  }

  /**
   * Call it a few times a second.
   *
   * @param starved whether no stream of the source delivers.
   * @returns whether it has stalled.
   */
  look(nowMs: number, starved: boolean): boolean {
    const sinceMs = nowMs - this.#lookedMs;
    this.#lookedMs = nowMs;
    if (!starved) {
      this.#silentMs = 0;
      this.#delivered = true;
    } else if (this.#delivered) this.#silentMs += Math.min(sinceMs, LONGEST_PAUSE_MS);
    return this.#silentMs >= this.#limitMs;
  }
}
