import type { Log } from "../core/log.ts";

/** Recordings that wait to be written at most, and their bytes; more are dropped. */
const MOST_WAITING = 16;
const MOST_BYTES = 200_000_000;

/** Writes recordings to a folder one after the other. Failures are counted, and logged once per reason. */
export class RecordWork {
  readonly #folder: string;
  readonly #log: Log;
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;
  #bytes = 0;
  #dropped = 0;
  #failures = 0;
  #complaint: string | null = null;

  constructor(folder: string, log: Log) {
    this.#folder = folder;
    this.#log = log;
  }

  /**
   * Does work after the work that waits; drops it if too much waits.
   *
   * @param bytes what it holds in memory until it is done.
   */
  add(work: () => Promise<void>, bytes = 0): void {
    if (this.#waiting >= MOST_WAITING || this.#bytes + bytes > MOST_BYTES) {
      this.#dropped++;
      return;
    }
    this.#waiting++;
    this.#bytes += bytes;
    this.#last = this.#last.then(() => this.#try(work)).then(() => {
      this.#waiting--;
      this.#bytes -= bytes;
    });
  }

  /** Settles when all work is done. */
  async idle(): Promise<void> {
    await this.#last;
  }

  /** `complaint`: why the newest recording could not be written; null if it was. */
  counters() {
    return {
      waiting: this.#waiting,
      dropped: this.#dropped,
      failures: this.#failures,
      complaint: this.#complaint,
    };
  }

  async #try(work: () => Promise<void>): Promise<void> {
    try {
      await Deno.mkdir(this.#folder, { recursive: true });
      await work();
      this.#complaint = null;
    } catch (error) {
      this.#failures++;
      const reason = error instanceof Error ? error.message : String(error);
      const complaint = `Cannot record to ${this.#folder}: ${reason.split("\n")[0]}`;
      if (complaint !== this.#complaint) this.#log("warning", complaint);
      this.#complaint = complaint;
    }
  }
}
