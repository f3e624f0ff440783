/** How fast a counter grows, over the last few seconds. */
export class Rate {
  readonly #seconds: number;
  readonly #marks: { readonly atMs: number; readonly count: number }[] = [];

  /** @param seconds length of the time that it looks back on. */
  constructor(seconds: number) {
    this.#seconds = seconds;
  }

  /** Takes the counter's value; call it about once a second. */
  mark(count: number, atMs: number): void {
    this.#marks.push({ atMs, count });
    while (this.#marks.length > 2 && atMs - this.#marks[1].atMs >= this.#seconds * 1000) {
      this.#marks.shift();
    }
  }

  /** Growth per second between the oldest and the newest mark; 0 before there are two. */
  get perSecond(): number {
    const [first, last] = [this.#marks[0], this.#marks.at(-1)];
    if (first === undefined || last === undefined || last.atMs <= first.atMs) return 0;
    return (last.count - first.count) * 1000 / (last.atMs - first.atMs);
  }
}
