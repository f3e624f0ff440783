import { type FileHandle, mkdir, open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { WhenceEvent } from "../events/event.ts";
import { encodeEvent } from "../events/event_json.ts";
import type { Log, Sink, SinkCounters } from "./sink.ts";

/** Lines that wait for a slow disk at most; the oldest are dropped. */
const MOST_WAITING = 10_000;

/**
 * Appends one event a line to a file. The folder is made when missing; a file that was moved away or deleted (log
 * rotation) is begun anew with the next line. What cannot be written is counted and dropped.
 */
export class JsonlSink implements Sink {
  readonly name = "jsonl";
  readonly #path: string;
  readonly #log: Log;
  #lines: string[] = [];
  #file: FileHandle | undefined;
  #writing: Promise<void> | undefined;
  #trouble = "";
  #torn = false;
  #accepted = 0;
  #sent = 0;
  #acknowledged = 0;
  #dropped = 0;
  #failures = 0;

  /** @param path Absolute, or relative to the working folder. */
  constructor(path: string, log: Log) {
    this.#path = path;
    this.#log = log;
  }

  /** Opens the file; what hinders is told once and tried again with each event. */
  async open(): Promise<void> {
    await this.#guard(() => this.#reopen());
  }

  event(event: WhenceEvent): void {
    const line = encodeEvent(event);
    this.#accepted++;
    this.#lines.push(line);
    if (this.#lines.length > MOST_WAITING) {
      this.#lines.shift();
      this.#dropped++;
    }
    this.#writing ??= this.#drain();
  }

  state(): void {}

  active(): void {}

  stats(): void {}

  heatmap(): void {}

  counters(): SinkCounters {
    return {
      accepted: this.#accepted,
      sent: this.#sent,
      acknowledged: this.#acknowledged,
      waiting: this.#accepted - this.#acknowledged - this.#dropped,
      dropped: this.#dropped,
      refused: 0,
      replaced: 0,
      failures: this.#failures,
    };
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#guard(async () => {
      await this.#file?.sync();
      await this.#file?.close();
    });
    this.#file = undefined;
  }

  async #drain(): Promise<void> {
    while (this.#lines.length > 0) {
      const batch = this.#lines;
      this.#lines = [];
      this.#sent += batch.length;
      const written = await this.#guard(() => this.#append(batch));
      if (written) this.#acknowledged += batch.length;
      else this.#dropped += batch.length;
    }
    this.#writing = undefined;
  }

  async #append(lines: readonly string[]): Promise<void> {
    if (!this.#file || await this.#isGone(this.#file)) await this.#reopen();
    // A write that failed half way must not spoil the first line after it.
    const text = (this.#torn ? "\n" : "") + lines.join("\n") + "\n";
    this.#torn = true;
    await this.#file?.appendFile(text);
    this.#torn = false;
  }

  async #isGone(file: FileHandle): Promise<boolean> {
    const [held, named] = await Promise.all([file.stat(), stat(this.#path).catch(() => undefined)]);
    return named?.ino !== held.ino || named.dev !== held.dev;
  }

  async #reopen(): Promise<void> {
    const old = this.#file;
    this.#file = undefined;
    await old?.close();
    await mkdir(dirname(this.#path), { recursive: true });
    this.#file = await open(this.#path, "a");
    this.#torn = false;
  }

  async #guard(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      if (this.#trouble) this.#log("info", `Writing to ${this.#path} again`);
      this.#trouble = "";
      return true;
    } catch (error) {
      this.#failures++;
      const code = error instanceof Error && "code" in error ? error.code : error;
      const reason = String(code);
      if (reason !== this.#trouble) this.#log("warning", `Cannot write ${this.#path}: ${reason}`);
      this.#trouble = reason;
      return false;
    }
  }
}
