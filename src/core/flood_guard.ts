import type { LogEntry } from "./log_line.ts";

/** Length of the window in which lines are counted, ms. */
const WINDOW_MS = 10_000;
/** Identical messages that pass in one window. */
const IDENTICAL = 5;
/** Lines of any kind that pass in one window. */
const TOTAL = 1_000;

interface Tally {
  readonly entry: LogEntry;
  passed: number;
  more: number;
}

/**
 * Keeps a flood out of the log: of identical messages the first five in 10 s pass, of all messages the first 1,000.
 * The others are counted; one line per message gives their number after the 10 s.
 */
export class FloodGuard {
  readonly #print: (entry: LogEntry) => void;
  readonly #tallies = new Map<string, Tally>();
  #passed = 0;
  #others = 0;
  #startMs = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(print: (entry: LogEntry) => void) {
    this.#print = print;
  }

  /** Prints the entry, or counts it. */
  take(entry: LogEntry): void {
    const nowMs = entry.time.getTime();
    // A clock that was set back starts a new window as well.
    if (nowMs < this.#startMs || nowMs >= this.#startMs + WINDOW_MS) {
      this.flush();
      this.#startMs = nowMs;
    }
    const key = `${entry.level} ${entry.pipeline} ${entry.message}`;
    const tally = this.#tallies.get(key);
    if (this.#passed < TOTAL && (tally === undefined || tally.passed < IDENTICAL)) {
      this.#passed++;
      if (tally === undefined) this.#tallies.set(key, { entry, passed: 1, more: 0 });
      else tally.passed++;
      this.#print(entry);
      return;
    }
    if (tally === undefined) this.#others++;
    else tally.more++;
    this.#arm();
  }

  /** Reports what was counted and starts a new window. */
  flush(): void {
    this.close();
    const repeated = [...this.#tallies.values()].filter(({ more }) => more > 0);
    const others = this.#others;
    this.#tallies.clear();
    this.#passed = this.#others = 0;
    this.#startMs = -Infinity;
    const time = new Date();
    for (const { entry, more } of repeated) {
      const message = `repeated ${more} more times: ${entry.message}`;
      this.#print({ ...entry, time, message, fields: { ...entry.fields, repeated: more } });
    }
    if (others > 0) {
      this.#print({
        time,
        level: "warning",
        pipeline: undefined,
        message: `${others} more log lines were left out`,
        fields: { left_out: others },
      });
    }
  }

  /** Stops the timer. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #arm(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.flush(), WINDOW_MS);
    // The log keeps no process alive.
    Deno.unrefTimer(this.#timer);
  }
}
