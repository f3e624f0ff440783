/** How much earlier the sound is looked for after it was there at the first look, ms. */
const EARLIER_MS = 1;
/** Share of the time waited in vain by which it is looked for later. */
const LATER = 0.5;

/**
 * Learns how long after its capture sound can be read, so that a loop that looks for it then neither comes late nor has to
 * look often.
 */
export class DeliveryDelay {
  #ms: number | undefined;

  /** When to look first, after the capture of the sound in question, ms. */
  get ms(): number {
    return this.#ms ?? 0;
  }

  /** @param waitedMs from the first look to the one that found the sound; 0 if that was the first. */
  found(waitedMs: number): void {
    if (this.#ms === undefined) this.#ms = waitedMs;
    else this.#ms += waitedMs === 0 ? -EARLIER_MS : LATER * waitedMs;
  }
}
