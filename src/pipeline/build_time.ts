import type { BuildStep } from "./watched_runtime.ts";

/** How much of a build each step is; the unit does not matter. */
export type BuildWeights = (step: BuildStep) => number;

/** The time that a build still takes, from the time that its finished steps took. */
export class BuildTime {
  readonly #steps: readonly BuildStep[];
  readonly #weight: BuildWeights;
  #done = 0;
  #seconds = 0;
  #finished = 0;

  /** @param steps all steps, in order. */
  constructor(steps: readonly BuildStep[], weight: BuildWeights) {
    this.#steps = steps;
    this.#weight = weight;
  }

  /** Steps that have ended. */
  get finished(): number {
    return this.#finished;
  }

  get total(): number {
    return this.#steps.length;
  }

  ended(step: BuildStep, seconds: number): void {
    this.#finished++;
    this.#done += this.#weight(step);
    this.#seconds += seconds;
  }

  /**
   * Seconds until the end; undefined before a step has ended.
   *
   * @param current seconds since the step under way began.
   */
  left(current: number): number | undefined {
    if (this.#done === 0) return undefined;
    const remaining = this.#steps.slice(this.#finished)
      .reduce((sum, step) => sum + this.#weight(step), 0);
    return Math.max(0, remaining * this.#seconds / this.#done - current);
  }
}
