/** Newest values that quantiles are taken over. */
const KEPT = 1000;

/** Quantiles of the newest 1,000 values. */
export class Latencies {
  readonly #values: number[] = [];
  #next = 0;

  add(value: number): void {
    this.#values[this.#next] = value;
    this.#next = (this.#next + 1) % KEPT;
  }

  /** The smallest value that at least `share` of all values do not exceed; null while there are none. */
  quantile(share: number): number | null {
    const sorted = this.#values.toSorted((a, b) => a - b);
    return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
  }
}
