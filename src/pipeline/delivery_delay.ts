/** Reduction of the delay after the first attempt found the audio, ms. */
const EARLIER_MS = 1;
/** Increase of the delay, as a share of the time spent on retries. */
const LATER = 0.5;

/**
 * Learns how long after its capture audio can be read, so that a loop can read it soon after it arrives and with few
 * attempts.
 */
export class DeliveryDelay {
  #ms: number | undefined;

  /** Delay of the first attempt after the capture time of the audio, ms. */
  get ms(): number {
    return this.#ms ?? 0;
  }

  /** @param waitedMs time from the first attempt to the successful one; 0 if the first succeeded. */
  found(waitedMs: number): void {
    if (this.#ms === undefined) this.#ms = waitedMs;
    else this.#ms += waitedMs === 0 ? -EARLIER_MS : LATER * waitedMs;
  }
}
