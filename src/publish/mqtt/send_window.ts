/** Limits how many messages are in flight at once; those that wait enter in order of arrival. */
export class SendWindow {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  /** @param size messages in flight at most, at least 1. */
  constructor(size: number) {
    this.#free = size;
  }

  /** Resolves when there is room. Every `enter` needs one `leave`. */
  enter(): Promise<void> {
    if (this.#free > 0) {
      this.#free--;
      return Promise.resolve();
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free++;
  }
}
