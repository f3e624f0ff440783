/** A wall clock that is off by more than this was set, not disciplined. */
const STEP_NS = 250_000_000n;

/**
 * Ties a capture's running time to the wall clock.
 *
 * The tie is made once, so that jitter of the wall clock does not reach time stamps, and made anew when the wall clock is
 * set: robots boot with a wrong clock and get the time minutes later.
 */
export class CaptureClock {
  readonly #wallNs: () => bigint;
  readonly #monotonicMs: () => number;
  readonly #startMs: number;
  readonly #startNs: number;
  #epochZeroNs: bigint;

  /** @param epochZeroNs epoch time of running time 0 as the capture knows it. */
  constructor(
    epochZeroNs: bigint,
    wallNs: () => bigint = () => BigInt(Date.now()) * 1_000_000n,
    monotonicMs: () => number = () => performance.now(),
  ) {
    this.#wallNs = wallNs;
    this.#monotonicMs = monotonicMs;
    this.#epochZeroNs = epochZeroNs;
    this.#startMs = monotonicMs();
    this.#startNs = Number(wallNs() - epochZeroNs);
  }

  /** Running time now, ns. */
  get nowNs(): number {
    return this.#startNs + (this.#monotonicMs() - this.#startMs) * 1e6;
  }

  /** Epoch time of a running time, both in ns. */
  epochNs(runningNs: number): bigint {
    return this.#epochZeroNs + BigInt(Math.round(runningNs));
  }

  /**
   * Follows the wall clock if it was set.
   *
   * @returns by how many seconds; 0 if it was not.
   */
  follow(): number {
    const offNs = this.#wallNs() - this.epochNs(this.nowNs);
    if ((offNs < 0n ? -offNs : offNs) < STEP_NS) return 0;
    this.#epochZeroNs += offNs;
    return Number(offNs) / 1e9;
  }
}
