import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Telemetry } from "../telemetry/telemetry.ts";
import type { TelemetryMessage } from "../telemetry/topics.ts";
import type { Compression } from "./compression.ts";
import { McapFile } from "./mcap_file.ts";
import type { McapEncoder, McapMessage, McapProfile } from "./mcap_profile.ts";
import type { ProfileName } from "./profile_names.ts";
import { PROFILES } from "./profiles.ts";

/** Bytes of messages that wait for a slow disk at most; the oldest are dropped. */
const MOST_WAITING = 64_000_000;

/** How a recorder writes. */
export interface McapOptions {
  /** Folder of the files; it is created. */
  readonly folder: string;
  readonly pipeline: string;
  readonly profile: ProfileName;
  readonly compression: Compression;
  /** A new file begins after so many seconds. */
  readonly splitSeconds: number;
  /** Called with the reason when writing fails, and with undefined when it works again. */
  readonly complain: (error: unknown) => void;
}

/** Counters of event messages. */
export interface McapCounters {
  readonly accepted: number;
  readonly written: number;
  readonly dropped: number;
  readonly waiting: number;
  readonly failures: number;
}

/**
 * Writes what a pipeline tells to MCAP files, `PIPELINE-TIME.mcap` each. It never makes the pipeline wait: messages wait in a
 * bounded queue, and are dropped while the disk is full.
 */
export class McapRecorder {
  readonly #options: McapOptions;
  readonly #profile: McapProfile;
  readonly #encoder: McapEncoder;
  readonly #lasting = new Map<string, McapMessage>();
  #waiting: McapMessage[] = [];
  #bytes = 0;
  #listening: Disposable | undefined;
  #writing: Promise<void> | undefined;
  #file: McapFile | undefined;
  #files: string[] = [];
  #splitAt = 0;
  #accepted = 0;
  #written = 0;
  #dropped = 0;
  #failures = 0;

  constructor(options: McapOptions) {
    this.#options = options;
    this.#profile = PROFILES[options.profile];
    this.#encoder = this.#profile.encoder(options.pipeline);
  }

  /** Paths of the files, in order. */
  get files(): readonly string[] {
    return this.#files;
  }

  /** Starts to record. @throws {Error} of the system, if no file can be created. */
  async open(): Promise<void> {
    await this.#nextFile();
  }

  /** Records telemetry from now on. */
  listen(telemetry: Pick<Telemetry, "listen">): void {
    this.#listening = telemetry.listen(this.#profile.topics, (told) => this.add(told));
  }

  /** Records one message. */
  add(told: TelemetryMessage): void {
    for (const message of this.#encoder.encode(told)) {
      if (message.channel === "event") this.#accepted++;
      if (this.#profile.lasting.includes(message.channel)) {
        this.#lasting.set(message.channel, message);
      }
      this.#waiting.push(message);
      this.#bytes += message.data.length;
    }
    while (this.#bytes > MOST_WAITING) this.#drop(this.#waiting.shift()!);
    this.#writing ??= this.#drain();
  }

  /** What became of the events. */
  counters(): McapCounters {
    const waiting = this.#accepted - this.#written - this.#dropped;
    return {
      accepted: this.#accepted,
      written: this.#written,
      dropped: this.#dropped,
      waiting,
      failures: this.#failures,
    };
  }

  /** Writes what waits, and the index. */
  async close(): Promise<void> {
    this.#listening?.[Symbol.dispose]();
    this.#listening = undefined;
    await this.#writing;
    const file = this.#file;
    this.#file = undefined;
    await file?.close().catch((error) => this.#fail(error));
  }

  async #drain(): Promise<void> {
    // Other tasks first: a burst of messages is written in one go.
    await Promise.resolve();
    for (let message; (message = this.#waiting.shift()) !== undefined;) {
      this.#bytes -= message.data.length;
      try {
        if (this.#file === undefined || performance.now() > this.#splitAt) await this.#nextFile();
        await this.#file!.write(message);
        if (message.channel === "event") this.#written++;
      } catch (error) {
        if (message.channel === "event") this.#dropped++;
        await this.#file?.abandon();
        this.#file = undefined;
        // The rest would fail for the same reason.
        for (const next of this.#waiting.splice(0)) this.#drop(next);
        this.#fail(error);
      }
    }
    this.#writing = undefined;
  }

  async #nextFile(): Promise<void> {
    const { folder, pipeline, compression, splitSeconds, complain } = this.#options;
    const old = this.#file;
    this.#file = undefined;
    await old?.close();
    await mkdir(folder, { recursive: true });
    const time = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
    const file = await createNew(
      (suffix) =>
        McapFile.create(
          join(folder, `${pipeline}-${time}${suffix}.mcap`),
          pipeline,
          this.#profile,
          compression,
        ),
    );
    this.#splitAt = performance.now() + splitSeconds * 1000;
    if (old !== undefined) {
      for (const message of this.#lasting.values()) await file.write(message);
    }
    this.#file = file;
    this.#files.push(file.path);
    complain(undefined);
  }

  #drop(message: McapMessage): void {
    this.#bytes -= message.data.length;
    if (message.channel === "event") this.#dropped++;
  }

  #fail(error: unknown): void {
    this.#failures++;
    this.#options.complain(error);
  }
}

/** Creates a file whose name is not taken. */
async function createNew(create: (suffix: string) => Promise<McapFile>): Promise<McapFile> {
  for (let count = 1;; count++) {
    try {
      return await create(count === 1 ? "" : `-${count}`);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
  }
}
