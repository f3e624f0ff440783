/** A reading of both clocks that takes longer was interrupted and says little, ms. */
const LONGEST_READING_MS = 2;
/** How often the first reading is repeated to get an uninterrupted one. */
const FIRST_READINGS = 10;
/**
 * A larger difference is a step: the clock was set. An uninterrupted reading is off by 3 ms at most, of which 1 ms is the
 * resolution of `Date.now()`.
 */
const STEP_NS = 10_000_000n;
/** A smaller difference is noise of the reading. */
const NOISE_NS = 2_000_000n;
/** Differences between the two are followed by so many ns a ms: 500 ppm, the rate at which NTP slews a clock. */
const SLEW_NS_PER_MS = 500;

interface Reading {
  readonly wallNs: bigint;
  readonly monotonicMs: number;
  /** How long it took. */
  readonly tookMs: number;
}

/**
 * Ties a capture's running time to the wall clock.
 *
 * Noise of the readings does not reach time stamps. If the wall clock is set, by 10 ms or more, the next `follow` moves the
 * tie by the whole step: robots boot with a wrong clock and get the time minutes later. Slow drift is followed gradually, so
 * that time stamps neither jump nor go back.
 */
export class CaptureClock {
  readonly #wallNs: () => bigint;
  readonly #monotonicMs: () => number;
  readonly #startMs: number;
  readonly #startNs: number;
  #epochZeroNs: bigint;
  #followedMs: number;

  /** @param epochZeroNs epoch time of running time 0 as the capture knows it. */
  constructor(
    epochZeroNs: bigint,
    wallNs: () => bigint = () => BigInt(Date.now()) * 1_000_000n,
    monotonicMs: () => number = () => performance.now(),
  ) {
    this.#wallNs = wallNs;
    this.#monotonicMs = monotonicMs;
    this.#epochZeroNs = epochZeroNs;
    const best = Array.from({ length: FIRST_READINGS }, () => this.#read())
      .reduce((a, b) => b.tookMs < a.tookMs ? b : a);
    this.#startMs = this.#followedMs = best.monotonicMs;
    this.#startNs = Number(best.wallNs - epochZeroNs);
  }

  /** Running time now, ns. */
  get nowNs(): number {
    return this.#runningNs(this.#monotonicMs());
  }

  /** Epoch time of a running time, both in ns. */
  epochNs(runningNs: number): bigint {
    return this.#epochZeroNs + BigInt(Math.round(runningNs));
  }

  /**
   * Follows the wall clock; call it a few times a second.
   *
   * @returns by how many seconds the wall clock was set; 0 if it was not.
   */
  follow(): number {
    const { wallNs, monotonicMs, tookMs } = this.#read();
    if (tookMs > LONGEST_READING_MS) return 0;
    const offNs = wallNs - this.epochNs(this.#runningNs(monotonicMs));
    const sinceMs = monotonicMs - this.#followedMs;
    this.#followedMs = monotonicMs;
    if (magnitude(offNs) >= STEP_NS) {
      this.#epochZeroNs += offNs;
      return Number(offNs) / 1e9;
    }
    if (magnitude(offNs) > NOISE_NS) {
      const limit = Math.floor(SLEW_NS_PER_MS * sinceMs);
      this.#epochZeroNs += BigInt(Math.max(-limit, Math.min(limit, Number(offNs))));
    }
    return 0;
  }

  #runningNs(monotonicMs: number): number {
    return this.#startNs + (monotonicMs - this.#startMs) * 1e6;
  }

  #read(): Reading {
    const before = this.#monotonicMs();
    const wallNs = this.#wallNs();
    const after = this.#monotonicMs();
    return { wallNs, monotonicMs: (before + after) / 2, tookMs: after - before };
  }
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}
