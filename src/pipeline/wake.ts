/** Lets one loop sleep until somebody has news or time is up. */
export class Wake {
  #news = false;
  #wakeUp: (() => void) | undefined;

  /** Ends the sleep, or the next one if nobody sleeps. */
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
