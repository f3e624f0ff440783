import { setTimeout as delay } from "node:timers/promises";

/** Pauses between attempts to reach a broker, in milliseconds; the last one repeats. */
export const RECONNECT_DELAYS_MS: readonly number[] = [1_000, 5_000, 10_000, 60_000];
/** Pauses between attempts while the target responds to probes, in milliseconds; the last one repeats. */
export const RESPONDING_DELAYS_MS: readonly number[] = [0, 250, 500, 1_000];

/**
 * Whether the target can be reached now; cheap compared with an attempt, never throws. Undefined if that cannot be told: then only
 * the first attempt is made at once.
 */
export type Answers = () => Promise<boolean | undefined>;

/** Pause between two probes by the age of the outage, ms. */
const PROBES = [
  { untilMs: 10_000, everyMs: 100 },
  { untilMs: 60_000, everyMs: 250 },
  { untilMs: Infinity, everyMs: 500 },
] as const;
/** Probes under way at a time, at most: one of a host without power takes seconds, and a later one may find it back. */
const MOST_PROBES = 8;

/** Lengths of connections after which earlier failures no longer count, ms: for responding targets, and for all. */
const LASTED_MS = { responding: 2_000, all: 60_000 } as const;

/** Pauses that grow and can be cut short. One waiter at a time. */
export class BackOff {
  readonly #delaysMs: readonly number[];
  readonly #lastedMs: number;
  #step = 0;
  #respondingStep = 0;
  #downSinceMs: number | undefined;
  #hurry: AbortController | undefined;

  /**
   * @param delaysMs At least one pause; the last one repeats.
   * @param lastedMs length of a connection after which the shortest pause is next.
   */
  constructor(
    delaysMs: readonly number[] = RECONNECT_DELAYS_MS,
    lastedMs: number = LASTED_MS.all,
  ) {
    this.#delaysMs = delaysMs;
    this.#lastedMs = lastedMs;
  }

  /** Length of the next pause in milliseconds, if the target does not respond. */
  get nextMs(): number {
    return at(this.#delaysMs, this.#step);
  }

  /** Takes note that a connection has ended, and how long it lasted: failures before a long one no longer count. */
  lasted(ms: number): void {
    if (ms >= LASTED_MS.responding) {
      this.#respondingStep = 0;
      this.#downSinceMs = undefined;
    }
    if (ms >= this.#lastedMs) this.reset();
  }

  /**
   * Waits for the next pause; returns early, without throwing, on `hurry()` or when the signal aborts.
   *
   * @param answers probed all the time; while it says yes, the pauses are those for responding targets.
   * @param leastMs shortest pause, even if the target responds.
   */
  async wait(signal: AbortSignal, answers?: Answers, leastMs = 0): Promise<void> {
    this.#downSinceMs ??= performance.now();
    this.#hurry = new AbortController();
    const end = AbortSignal.any([signal, this.#hurry.signal]);
    const pauseMs = this.nextMs;
    this.#step++;
    try {
      // A probe would not shorten a short pause.
      if (answers === undefined || pauseMs <= PROBES[0].everyMs) {
        await delay(pauseMs, undefined, { signal: end });
      } else await this.#waitFor(answers, Math.min(leastMs, pauseMs), pauseMs, end);
    } catch (error) {
      if (!(error instanceof Error && error.name === "AbortError")) throw error;
    } finally {
      this.#hurry = undefined;
    }
  }

  async #waitFor(answers: Answers, leastMs: number, pauseMs: number, signal: AbortSignal) {
    const first = this.#respondingStep === 0;
    const startMs = performance.now();
    const respondingMs = Math.min(pauseMs, at(RESPONDING_DELAYS_MS, this.#respondingStep));
    const silentMs = Math.max(leastMs, respondingMs);
    if (silentMs > 0) await delay(silentMs, undefined, { signal });
    const found = new AbortController();
    const end = AbortSignal.any([signal, found.signal]);
    let probes = 0;
    const probe = async () => {
      probes++;
      const answer = await answers();
      probes--;
      if (end.aborted || !(answer ?? first)) return;
      // The attempt that is made on suspicion comes before the usual ones.
      if (answer === undefined) this.#step--;
      this.#respondingStep++;
      found.abort();
    };
    for (;;) {
      const leftMs = pauseMs - (performance.now() - startMs);
      if (leftMs <= 0) return;
      if (probes < MOST_PROBES) void probe();
      await delay(Math.min(this.#probeEveryMs(), leftMs), undefined, { signal: end });
    }
  }

  #probeEveryMs(): number {
    const ageMs = performance.now() - this.#downSinceMs!;
    return PROBES.find(({ untilMs }) => ageMs < untilMs)!.everyMs;
  }

  /** Ends the current pause, if any. */
  hurry(): void {
    this.#hurry?.abort();
  }

  /** Starts again with the shortest pause. */
  reset(): void {
    this.#step = 0;
    this.#respondingStep = 0;
    this.#downSinceMs = undefined;
  }
}

/** The value of a step; the last one repeats. */
function at(values: readonly number[], step: number): number {
  return values[Math.min(step, values.length - 1)];
}
