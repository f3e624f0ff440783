import { type FileHandle, mkdir, open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Log } from "../../core/log.ts";
import { EventOutbox } from "../outbox/event_outbox.ts";
import type { OutboxMessage } from "../outbox/outbox.ts";
import { isDue, rotate, type Rotation } from "./rotate.ts";
import type { EventMessage, Sink, SinkCounters } from "../sink.ts";
import { faultCode, writeFault } from "../../core/write_fault.ts";
import { RUN_ID, withRunId } from "./run_id.ts";

/** Lines that wait for the disk at most. */
const MOST_WAITING = 10_000;
/** Lines written at once. */
const BATCH = 500;
/** Pause before a file that could not be written is tried again, ms. */
const RETRY_MS = 1_000;

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
 * deleted (log rotation) is created again for the next line. While it can't be written, lines wait in memory, 10,000 at most; then
 * whole events are dropped. A line that a failing disk took in part is written again.
 */
export class JsonlSink implements Sink {
  readonly name = "jsonl";
  readonly takesPictures = false;
  readonly capacity = MOST_WAITING;
  readonly #path: string;
  readonly #log: Log;
  readonly #rotation: Rotation | undefined;
  readonly #waiting = new EventOutbox({ maxMessages: MOST_WAITING, maxDays: Infinity });
  #retry: ReturnType<typeof setTimeout> | undefined;
  #file: FileHandle | undefined;
  #writing: Promise<void> | undefined;
  #complaint: string | undefined;
  /** Whether the file may end within a line, because a writer was killed or a write failed half way. */
  #torn = true;
  #accepted = 0;
  #sent = 0;
  #acknowledged = 0;
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

  event({ event, line }: EventMessage): void {
    this.#accepted++;
    this.#waiting.add(this.#path, { event, line: withRunId(line, RUN_ID) });
    this.#write();
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
      waiting: this.#waiting.size,
      stored: 0,
      dropped: this.#waiting.dropped,
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
    this.#write();
    await this.#writing;
    clearTimeout(this.#retry);
    this.#retry = undefined;
    const { size } = this.#waiting;
    if (size > 0) {
      this.#log("warning", `${size} event messages could not be written to ${this.#path}`);
    }
    this.#waiting.close();
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

  #write(): void {
    if (this.#waiting.size > 0) this.#writing ??= this.#drain();
  }

  /** Writes what waits, until there is nothing left or the file fails. */
  async #drain(): Promise<void> {
    clearTimeout(this.#retry);
    for (let batch = this.#take(); batch.length > 0; batch = this.#take()) {
      this.#sent += batch.length;
      if (!await this.#guard(() => this.#append(batch.map(({ payload }) => payload)))) {
        this.#waiting.giveBack();
        this.#retry = setTimeout(() => this.#write(), RETRY_MS);
        Deno.unrefTimer(this.#retry as unknown as number);
        break;
      }
      for (const { key } of batch) this.#waiting.acknowledge(key);
      this.#acknowledged += batch.length;
      if (this.#complaint !== undefined) this.#log("info", `Writing to ${this.#path} again`);
      this.#complaint = undefined;
    }
    this.#writing = undefined;
  }

  #take(): OutboxMessage[] {
    const batch: OutboxMessage[] = [];
    while (batch.length < BATCH) {
      const message = this.#waiting.take();
      if (message === undefined) break;
      batch.push(message);
    }
    return batch;
  }

  async #append(lines: readonly string[]): Promise<void> {
    let file = this.#file;
    if (!file || await isGone(file, this.#path)) file = await this.#reopen();
    if (this.#rotation && isDue(this.#rotation, await file.stat(), new Date())) {
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
