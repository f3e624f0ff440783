import { type FileHandle, mkdir, open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { WhenceEvent } from "../events/event.ts";
import { encodeEvent } from "../events/event_json.ts";
import type { Sink, SinkCounters } from "./sink.ts";
import type { Log } from "../core/log.ts";

/** Lines that wait for a slow disk at most; the oldest are dropped. */
const MOST_WAITING = 10_000;

/** Pipes and devices answer fsync with this. */
const NOT_SYNCABLE = "EINVAL";

const codeOf = (error: unknown) =>
  String(error instanceof Error && "code" in error ? error.code : error);

/** Whether the name now means another file than the one that is open. */
async function isGone(file: FileHandle, path: string): Promise<boolean> {
  const [held, named] = await Promise.all([file.stat(), stat(path).catch(() => undefined)]);
  return named?.ino !== held.ino || named.dev !== held.dev;
}

async function endsWithinLine(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat();
  if (size === 0) return false;
  const { bytesRead, buffer } = await file.read(new Uint8Array(1), 0, 1, size - 1);
  return bytesRead === 1 && buffer[0] !== 0x0a;
}

/**
 * Appends one event a line to a file. The folder is made when missing; a file that was moved away or deleted (log
 * rotation) is begun anew with the next line. What cannot be written is counted and dropped.
 */
export class JsonlSink implements Sink {
  readonly name = "jsonl";
  readonly wantsHeatmap = false;
  readonly #path: string;
  readonly #log: Log;
  #lines: string[] = [];
  #file: FileHandle | undefined;
  #writing: Promise<void> | undefined;
  #trouble = "";
  /** Whether the file may end within a line: somebody was killed, or a write failed half way. */
  #torn = true;
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
    await this.#guard(async () => void await this.#reopen());
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
    const file = this.#file;
    this.#file = undefined;
    if (!file) return;
    await this.#guard(async () => {
      try {
        await file.sync();
      } catch (error) {
        if (codeOf(error) !== NOT_SYNCABLE) throw error;
      } finally {
        await file.close();
      }
    });
  }

  async #drain(): Promise<void> {
    while (this.#lines.length > 0) {
      const batch = this.#lines;
      this.#lines = [];
      this.#sent += batch.length;
      const written = await this.#guard(() => this.#append(batch));
      if (!written) {
        this.#dropped += batch.length;
        continue;
      }
      this.#acknowledged += batch.length;
      if (this.#trouble) this.#log("info", `Writing to ${this.#path} again`);
      this.#trouble = "";
    }
    this.#writing = undefined;
  }

  async #append(lines: readonly string[]): Promise<void> {
    let file = this.#file;
    if (!file || await isGone(file, this.#path)) file = await this.#reopen();
    const start = this.#torn && await endsWithinLine(file) ? "\n" : "";
    this.#torn = true;
    await file.appendFile(`${start}${lines.join("\n")}\n`);
    this.#torn = false;
  }

  async #reopen(): Promise<FileHandle> {
    const old = this.#file;
    this.#file = undefined;
    await old?.close();
    await mkdir(dirname(this.#path), { recursive: true });
    this.#torn = true;
    return this.#file = await open(this.#path, "a+");
  }

  async #guard(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      this.#failures++;
      const reason = codeOf(error);
      if (reason !== this.#trouble) this.#log("warning", `Cannot write ${this.#path}: ${reason}`);
      this.#trouble = reason;
      return false;
    }
  }
}
