import { type FileHandle, mkdir, open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Log } from "../../core/log.ts";
import { rotate, type Rotation } from "./rotate.ts";
import type { EventMessage, Sink, SinkCounters } from "../sink.ts";
import { faultCode, writeFault } from "./write_fault.ts";
import { RUN_ID, withRunId } from "./run_id.ts";

/** Lines that wait for a slow disk at most; the oldest are dropped. */
const MOST_WAITING = 10_000;

/** fsync(2) on a pipe or a device. */
const NOT_SYNCABLE = "EINVAL";

/** Whether the path now names another file than the one that is open. */
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
 * Appends each event as a line to a file, with the id of this run. A missing folder is created; a file that was moved away or
 * deleted (log rotation) is created again for the next line. Lines that can't be written are counted and dropped.
 */
export class JsonlSink implements Sink {
  readonly name = "jsonl";
  readonly takesPictures = false;
  readonly #path: string;
  readonly #log: Log;
  readonly #rotation: Rotation | undefined;
  #lines: string[] = [];
  #file: FileHandle | undefined;
  #writing: Promise<void> | undefined;
  #complaint: string | undefined;
  /** Whether the file may end within a line, because a writer was killed or a write failed half way. */
  #torn = true;
  #accepted = 0;
  #sent = 0;
  #acknowledged = 0;
  #dropped = 0;
  #failures = 0;

  /**
   * @param path Absolute, or relative to the working folder.
   * @param rotation Default: the file grows without limit.
   */
  constructor(path: string, log: Log, rotation?: Rotation) {
    this.#path = path;
    this.#log = log;
    this.#rotation = rotation;
  }

  /** @throws {Error} if the file can't be opened; each event tries again. */
  async open(): Promise<void> {
    try {
      await this.#reopen();
    } catch (error) {
      this.#failures++;
      this.#complaint = writeFault(this.#path, error);
      throw new Error(this.#complaint);
    }
  }

  event({ line }: EventMessage): void {
    this.#accepted++;
    this.#lines.push(withRunId(line, RUN_ID));
    if (this.#lines.length > MOST_WAITING) {
      this.#lines.shift();
      this.#dropped++;
    }
    this.#writing ??= this.#drain();
  }

  state(): void {}

  active(): void {}

  stats(): void {}

  picture(): void {}

  counters(): SinkCounters {
    return {
      accepted: this.#accepted,
      sent: this.#sent,
      acknowledged: this.#acknowledged,
      waiting: this.#accepted - this.#acknowledged - this.#dropped,
      stored: 0,
      dropped: this.#dropped,
      refused: 0,
      oversized: 0,
      replaced: 0,
      failures: this.#failures,
    };
  }

  complaint(): string | undefined {
    return this.#complaint;
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
        if (faultCode(error) !== NOT_SYNCABLE) throw error;
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
      if (this.#complaint !== undefined) this.#log("info", `Writing to ${this.#path} again`);
      this.#complaint = undefined;
    }
    this.#writing = undefined;
  }

  async #append(lines: readonly string[]): Promise<void> {
    let file = this.#file;
    if (!file || await isGone(file, this.#path)) file = await this.#reopen();
    if (this.#rotation && (await file.stat()).size >= this.#rotation.maxBytes) {
      await rotate(this.#path, this.#rotation.keep);
      file = await this.#reopen();
    }
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
      const complaint = writeFault(this.#path, error);
      if (complaint !== this.#complaint) this.#log("warning", complaint);
      this.#complaint = complaint;
      return false;
    }
  }
}
