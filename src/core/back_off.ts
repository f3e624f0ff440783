import { setTimeout as delay } from "node:timers/promises";

/** Pauses between attempts to reach a broker, in milliseconds; the last one repeats. */
export const RECONNECT_DELAYS_MS: readonly number[] = [1_000, 5_000, 10_000, 60_000];

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

  /** Waits for the next pause; returns early, without throwing, on `hurry()` or when the signal aborts. */
  async wait(signal: AbortSignal): Promise<void> {
    const pauseMs = this.nextMs;
    this.#step++;
    this.#hurry = new AbortController();
    try {
      await delay(pauseMs, undefined, { signal: AbortSignal.any([signal, this.#hurry.signal]) });
    } catch (error) {
      if (!(error instanceof Error && error.name === "AbortError")) throw error;
    } finally {
      this.#hurry = undefined;
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
