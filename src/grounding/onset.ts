/** A step this much louder than the steps before it may begin an event, dB. */
const RISE_DB = 6;
/** Steps that a step is compared with. */
const BEFORE = 5;
/** Steps after a rise that belong to it: an event is announced after its second step. */
const ATTENTION = 3;

/** Tells which time steps may begin an event: those at a sudden rise of the level, and the few after it. */
export class OnsetWatch {
  readonly #levels: number[] = [];
  #next: number | undefined;
  #until = -Infinity;

  /** Number of the next step that has not been heard; undefined before the first. */
  get next(): number | undefined {
    return this.#next;
  }

  /** Takes the level of a step, dBFS; the steps between the last one and this one count as silent. */
  hear(step: number, level: number, gate: number): void {
    if (this.#next !== undefined && step > this.#next) this.#levels.length = 0;
    this.#next = step + 1;
    const power = this.#levels.reduce((sum, level) => sum + 10 ** (level / 10), 0) / BEFORE;
    if (level >= gate && level > 10 * Math.log10(power) + RISE_DB) this.#until = step + ATTENTION;
    this.#levels.push(level);
    if (this.#levels.length > BEFORE) this.#levels.shift();
  }

  /** Whether a step may begin an event, as far as it has been heard. */
  mayBegin(step: number): boolean {
    return step <= this.#until && step < (this.#next ?? -Infinity);
  }
}
