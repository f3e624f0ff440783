import type { Log } from "../../core/log.ts";
import { systemFault } from "../../core/write_fault.ts";
import { isDamage, type SqliteStore } from "./sqlite_store.ts";

/** What a {@linkcode RetriedFile} needs. */
export interface RetriedFileOptions {
  /** Opens the file; called again after it failed. Without it, there is no file. */
  readonly open: (() => SqliteStore) | undefined;
  readonly log: Log;
  /** Pause before a file that failed is tried again, ms. */
  readonly retryMs: number;
  /** Called with a file that was just opened. */
  readonly opened: (file: SqliteStore) => void;
  /** Called to write what was held elsewhere while the file failed. */
  readonly refill: (file: SqliteStore) => void;
  /** Called with a damaged file, which is no longer used; takes what can still be read of it, closes it and renames it. */
  readonly salvage: (file: SqliteStore, reason: string) => void;
}

/**
 * The file of an outbox. Work on it never throws: an error becomes a complaint, and the file is tried again until it can be
 * written. A damaged one is replaced.
 */
export class RetriedFile {
  readonly #options: RetriedFileOptions;
  #file: SqliteStore | undefined;
  #complaint: string | undefined;
  #retry: ReturnType<typeof setInterval> | undefined;

  constructor(options: RetriedFileOptions) {
    this.#options = options;
  }

  /** Whether the file has been opened. */
  get isOpen(): boolean {
    return this.#file !== undefined;
  }

  /** Why it cannot be used, since the last failure; undefined when it can. */
  get complaint(): string | undefined {
    return this.#complaint;
  }

  /** Opens it for the first time. */
  open(): void {
    if (this.#options.open !== undefined) this.#attempt(() => this.#open());
  }

  /** Writes to the file if there is one; false, with a complaint, if that fails. */
  write(work: (file: SqliteStore) => void): boolean {
    return this.#attempt(() => {
      if (this.#file !== undefined) work(this.#file);
    });
  }

  /** Asks the file; undefined if there is none or it cannot be read. */
  ask<T>(question: (file: SqliteStore) => T): T | undefined {
    let answer: T | undefined;
    this.#attempt(() => answer = this.#file && question(this.#file));
    return answer;
  }

  /** Tries a failed file for the last time, and closes it. */
  close(): void {
    clearInterval(this.#retry);
    if (this.#complaint !== undefined) this.#recover();
    clearInterval(this.#retry);
    this.#file?.close();
    this.#file = undefined;
  }

  #open(): void {
    this.#file = this.#options.open!();
    this.#options.opened(this.#file);
  }

  #attempt(work: () => unknown): boolean {
    try {
      work();
      return true;
    } catch (error) {
      this.#fail(error);
      return false;
    }
  }

  #fail(error: unknown): void {
    const reason = error instanceof Error ? systemFault(error) ?? error.message : String(error);
    const file = this.#file;
    if (file !== undefined && isDamage(error)) {
      this.#file = undefined;
      this.#attempt(() => this.#options.salvage(file, reason));
      this.#complain("its file was damaged");
      this.#recover();
    } else this.#complain(reason);
  }

  #complain(reason: string): void {
    const { log, retryMs } = this.#options;
    const complaint = `Cannot store events: ${reason}`;
    if (this.#complaint !== complaint) {
      log("warning", `${complaint}; they are held in memory until it can be written again`);
    }
    this.#complaint = complaint;
    if (this.#retry !== undefined) return;
    this.#retry = setInterval(() => this.#recover(), retryMs);
    Deno.unrefTimer(this.#retry as unknown as number);
  }

  #recover(): void {
    const complaint = this.#complaint;
    const recovered = this.#attempt(() => {
      if (this.#file === undefined) this.#open();
      // Not what was opened: that may have been damaged and replaced.
      this.#options.refill(this.#file!);
    });
    if (!recovered || complaint === undefined) return;
    clearInterval(this.#retry);
    this.#retry = this.#complaint = undefined;
    this.#options.log("info", "Events are stored again");
  }
}
