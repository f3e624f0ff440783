import type { Log } from "../core/log.ts";

/** Least time between two lines, ms. */
const PERIOD_MS = 10_000;

/** Logs warnings that others cause at most every 10 s; the next line says how many were left out. */
export class LineLimiter {
  readonly #log: Log;
  readonly #nowMs: () => number;
  #lastMs = -Infinity;
  #omitted = 0;

  /** @param nowMs a monotonic clock. */
  constructor(log: Log, nowMs: () => number = () => performance.now()) {
    this.#log = log;
    this.#nowMs = nowMs;
  }

  warn(line: string): void {
    const nowMs = this.#nowMs();
    if (nowMs - this.#lastMs < PERIOD_MS) {
      this.#omitted++;
      return;
    }
    this.#log(
      "warning",
      this.#omitted === 0 ? line : `${line} (and ${this.#omitted} more like it)`,
    );
    this.#lastMs = nowMs;
    this.#omitted = 0;
  }

  /** Logs how many lines were left out since the last one. */
  flush(): void {
    if (this.#omitted > 0) this.#log("warning", `Similar warnings not shown: ${this.#omitted}`);
    this.#omitted = 0;
  }
}
