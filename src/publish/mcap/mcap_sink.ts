import { z } from "zod";
import type { Log } from "../../core/log.ts";
import { durationWithin } from "../../config/units.ts";
import { COMPRESSIONS } from "../../mcap/compression.ts";
import { PROFILE_NAMES } from "../../mcap/profile_names.ts";
import type { McapOptions, McapRecorder } from "../../mcap/mcap_recorder.ts";
import { Telemetry } from "../../telemetry/telemetry.ts";
import { writeFault } from "../../core/write_fault.ts";
import type { HeardTelemetry } from "../filtered_telemetry.ts";
import type { Sink, SinkCounters } from "../sink.ts";

/** The block `publish.mcap`. */
export const mcapSchema = z.strictObject({
  path: z.string().min(1).describe("Folder for the files, NAME-TIME.mcap each"),
  split: durationWithin("10s", "168h").prefault("1h").describe("A new file begins after this time"),
  profile: z.enum(PROFILE_NAMES).default("foxglove").describe(
    "`foxglove`: JSON with Foxglove's schemas; `ros2`: CDR with messages of ROS 2, for `ros2 bag`",
  ),
  compression: z.enum(COMPRESSIONS).default("zstd").describe("Compression of the chunks"),
});

const NONE = { accepted: 0, written: 0, dropped: 0, waiting: 0, failures: 0 };

/** Writes everything that a pipeline knows to MCAP files; see {@linkcode McapRecorder}. */
export class McapSink implements Sink {
  readonly name = "mcap";
  readonly takesPictures = false;
  readonly #options: McapOptions;
  readonly #folder: string;
  readonly #telemetry: HeardTelemetry;
  readonly #log: Log;
  #recorder: McapRecorder | undefined;
  #complaint: string | undefined;

  /** @param folder absolute. */
  constructor(
    { split, profile, compression }: z.output<typeof mcapSchema>,
    folder: string,
    { pipeline, telemetry, log }: {
      readonly pipeline: string;
      readonly telemetry?: HeardTelemetry;
      readonly log: Log;
    },
  ) {
    this.#folder = folder;
    this.#telemetry = telemetry ?? new Telemetry(log);
    this.#log = log;
    this.#options = {
      folder,
      pipeline,
      profile,
      compression,
      splitSeconds: split,
      complain: (error) => this.#complain(error),
    };
  }

  /** @throws {Error} if no file can be created; each message tries again. */
  async open(): Promise<void> {
    // Loaded here: most pipelines have no such sink.
    const { McapRecorder } = await import("../../mcap/mcap_recorder.ts");
    const recorder = this.#recorder = new McapRecorder(this.#options);
    recorder.listen(this.#telemetry);
    try {
      await recorder.open();
    } catch (error) {
      this.#complaint = writeFault(this.#folder, error);
      throw new Error(this.#complaint);
    }
  }

  event(): void {}

  state(): void {}

  active(): void {}

  stats(): void {}

  picture(): void {}

  async close(): Promise<void> {
    await this.#recorder?.close();
  }

  counters(): SinkCounters {
    const { accepted, written, dropped, waiting, failures } = this.#recorder?.counters() ?? NONE;
    return {
      accepted,
      sent: written,
      acknowledged: written,
      waiting,
      dropped,
      refused: 0,
      oversized: 0,
      replaced: 0,
      failures,
    };
  }

  complaint(): string | undefined {
    return this.#complaint;
  }

  #complain(error: unknown): void {
    const complaint = error === undefined ? undefined : writeFault(this.#folder, error);
    if (complaint !== undefined && complaint !== this.#complaint) this.#log("warning", complaint);
    this.#complaint = complaint;
  }
}
