import { setTimeout as delay } from "node:timers/promises";

/** Pauses between attempts to reach a broker, in milliseconds; the last one repeats. */
export const RECONNECT_DELAYS_MS: readonly number[] = [1_000, 5_000, 10_000, 60_000];

/** Whether the target can be reached now; cheap compared with an attempt, never throws. */
export type Answers = () => Promise<boolean>;

/** Pause between two probes, ms. */
const PROBE_EVERY_MS = 500;

/** Pauses that grow and can be cut short. One waiter at a time. */
export class BackOff {
  readonly #delaysMs: readonly number[];
  #step = 0;
  #hurry: AbortController | undefined;

  /** @param delaysMs At least one pause; the last one repeats. */
  constructor(delaysMs: readonly number[] = RECONNECT_DELAYS_MS) {
    this.#delaysMs = delaysMs;
  }

  /** Length of the next pause in milliseconds. */
  get nextMs(): number {
    return this.#delaysMs[Math.min(this.#step, this.#delaysMs.length - 1)];
  }

  /**
   * Waits for the next pause; returns early, without throwing, on `hurry()` or when the signal aborts.
   *
   * @param answers asked all the time; when it says yes, and at least the shortest pause has passed, the pause is over.
   */
  async wait(signal: AbortSignal, answers?: Answers): Promise<void> {
    const pauseMs = this.nextMs;
    this.#step++;
    this.#hurry = new AbortController();
    const end = AbortSignal.any([signal, this.#hurry.signal]);
    try {
      if (answers === undefined) await delay(pauseMs, undefined, { signal: end });
      else await this.#waitFor(answers, pauseMs, end);
    } catch (error) {
      if (!(error instanceof Error && error.name === "AbortError")) throw error;
    } finally {
      this.#hurry = undefined;
    }
  }

  async #waitFor(answers: Answers, pauseMs: number, signal: AbortSignal): Promise<void> {
    const startMs = performance.now();
    const leastMs = Math.min(pauseMs, this.#delaysMs[0]);
    await delay(leastMs, undefined, { signal });
    for (;;) {
      const leftMs = pauseMs - (performance.now() - startMs);
      if (leftMs <= 0 || await answers()) return;
      await delay(Math.min(PROBE_EVERY_MS, Math.max(0, leftMs)), undefined, { signal });
    }
  }

  /** Ends the current pause, if any. */
  hurry(): void {
    this.#hurry?.abort();
  }

  /** Starts again with the shortest pause. */
  reset(): void {
    this.#step = 0;
  }
}
