/** Share of the way to an observed age that the estimate moves up, and down. */
const RISE = 0.02;
const FALL = 0.3;

/**
 * Estimates how long after its capture the newest sound can be read: its smallest age when it is read. A loop that looks
 * just then wakes once a hop, not once a buffer.
 */
export class DeliveryDelay {
  #ms: number | undefined;

  /** The estimate; 0 before anything was observed. */
  get ms(): number {
    return this.#ms ?? 0;
  }

  /** @param ageMs of the newest sample when it was read. */
  observe(ageMs: number): void {
    this.#ms ??= ageMs;
    this.#ms += (ageMs - this.#ms) * (ageMs > this.#ms ? RISE : FALL);
  }
}
