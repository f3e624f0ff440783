/** An entry with a time, s. */
export interface Timed {
  readonly t: number;
}

/** The newest entries by time: bounded in seconds and in number. */
export class TimedList<T extends Timed> {
  readonly #seconds: number;
  readonly #most: number;
  readonly #dropped: (entry: T) => void;
  #entries: T[] = [];

  /** @param dropped called for each entry that leaves. */
  constructor(seconds: number, most: number, dropped: (entry: T) => void = () => {}) {
    this.#seconds = seconds;
    this.#most = most;
    this.#dropped = dropped;
  }

  /** All entries in order of time. */
  get all(): readonly T[] {
    return this.#entries;
  }

  /** The newest entry. */
  get newest(): T | undefined {
    return this.#entries.at(-1);
  }

  /** Adds an entry; one that is older than the newest means that the source has started again. */
  add(entry: T): void {
    if (entry.t < (this.newest?.t ?? -Infinity)) this.clear();
    this.#entries.push(entry);
    const oldest = entry.t - this.#seconds;
    while (this.#entries.length > this.#most || this.#entries[0].t < oldest) {
      this.#dropped(this.#entries.shift()!);
    }
  }

  /** The last entry that is not after `t`. */
  at(t: number): T | undefined {
    let [low, high] = [0, this.#entries.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#entries[middle].t <= t) low = middle + 1;
      else high = middle;
    }
    return this.#entries[low - 1];
  }

  /** The entry nearest to `t`. */
  nearest(t: number): T | undefined {
    const before = this.at(t);
    const after = before ? this.#entries[this.#entries.indexOf(before) + 1] : this.#entries[0];
    if (!before || !after) return before ?? after;
    return t - before.t <= after.t - t ? before : after;
  }

  /** Entries from one time to another, both included. */
  between(from: number, to: number): T[] {
    return this.#entries.filter(({ t }) => t >= from && t <= to);
  }

  /** Drops everything. */
  clear(): void {
    for (const entry of this.#entries.splice(0)) this.#dropped(entry);
  }
}
