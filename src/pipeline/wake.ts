/** Lets one loop sleep until there is news or time is up. */
export class Wake {
  #news = false;
  #wakeUp: (() => void) | undefined;

  /** Ends the sleep, or the next one if the loop is not asleep. */
  notify(): void {
    this.#news = true;
    this.#wakeUp?.();
  }

  /** Sleeps until there is news, at most `ms`. */
  async sleep(ms: number): Promise<void> {
    if (!this.#news) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wakeUp = resolve;
      const timer = setTimeout(resolve, ms);
      await promise;
      clearTimeout(timer);
      this.#wakeUp = undefined;
    }
    this.#news = false;
  }
}
