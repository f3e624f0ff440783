/** The page shows this much less than the newest time step, so that hops of several steps play evenly, s. */
const CUSHION = 0.1;
/** Farther behind than this, the clock jumps, s. */
const LARGEST_LAG = 1;
/** How fast a small lag is caught up. */
const CATCH_UP = 1.15;

/** Turns time steps, which come in bunches, into an evenly running time. */
export class Playout {
  #t: number | undefined;
  #atMs = 0;

  /**
   * The time to show now.
   *
   * @param newest time of the newest step, s.
   */
  now(newest: number, nowMs = performance.now()): number {
    const target = newest - CUSHION;
    const elapsed = (nowMs - this.#atMs) / 1000;
    this.#atMs = nowMs;
    if (this.#t === undefined || target - this.#t > LARGEST_LAG || target < this.#t - LARGEST_LAG) {
      return this.#t = target;
    }
    const speed = target - this.#t > 2 * CUSHION ? CATCH_UP : 1;
    return this.#t = Math.max(this.#t, Math.min(this.#t + elapsed * speed, newest));
  }
}
