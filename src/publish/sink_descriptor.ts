import type { z } from "zod";
import type { Log } from "../core/log.ts";
import type { Reach } from "../core/reach.ts";
import type { HeardTelemetry } from "./filtered_telemetry.ts";
import type { Sink } from "./sink.ts";

/** What a sink needs besides its own configuration. */
export interface SinkContext {
  /** The pipeline's name. */
  readonly pipeline: string;
  /** Folder of the pipeline file; relative paths start there. */
  readonly folder: string;
  readonly log: Log;
  /** What the pipeline offers to listeners. */
  readonly telemetry?: HeardTelemetry;
  /** Whether the events have bearings. Default: no. */
  readonly bearings?: boolean;
  /** Folder of this program's state; absent: nothing is kept over a restart. */
  readonly stateFolder?: string;
  /** Called for each valid command that switches the pipeline on or off. */
  readonly onSet?: (enabled: boolean) => void;
}

/** What trying a sink takes besides its own configuration; without a pipeline, only its target is tried. */
export type ProbeContext = Pick<SinkContext, "folder"> & Partial<Pick<SinkContext, "pipeline">>;

/** What a sink's target says when it is tried. */
export interface SinkProbe {
  /**
   * `ok`; `unavailable`: it does not work now but may later without a change to this machine or the file, such as a broker that
   * is down; `broken`: a user has to fix something.
   */
  readonly status: "ok" | "unavailable" | "broken";
  /** What was found, or what to do. */
  readonly detail: string;
}

/**
 * One kind of sink: everything the rest of the program needs to know about it. `publish.KEY` of a pipeline file configures it.
 *
 * @typeParam Key its key under `publish`.
 * @typeParam Schema zod schema of its configuration.
 */
export interface SinkDescriptor<
  Key extends string = string,
  Schema extends z.ZodType = z.ZodType,
> {
  readonly key: Key;
  readonly schema: Schema;
  /** One line of help, which also describes the key in the JSON Schema. */
  readonly help: string;
  /** Heading of its findings in `doctor`. */
  readonly area: string;
  /** Keys of the configuration whose values name files that must be readable. */
  readonly fileKeys: readonly string[];
  /** Configuration that a pipeline without `publish` uses, and that `doctor` tries without a file; absent: not used. */
  readonly standard?: z.input<Schema>;
  /** What it uses besides `fileKeys` and the state folder. A sink without it cannot run under least permissions. */
  reach?(config: z.output<Schema>, context: Pick<SinkContext, "folder">): Reach;
  /** Whether it needs camera pictures: of the telemetry, or for the pictures of events. Default: no. */
  cameraPictures?(config: z.output<Schema>): boolean;
  /** Makes a sink, not yet opened. */
  make(config: z.output<Schema>, context: SinkContext): Sink;
  /** The target, for people. */
  target(config: z.output<Schema>): string;
  /** One line for `check`: where events go. */
  describe(config: z.output<Schema>, context: Pick<SinkContext, "pipeline" | "folder">): string;
  /**
   * Removes what the target keeps of a pipeline; absent: it keeps nothing.
   *
   * @returns what was removed, for people.
   * @throws {PublishError} in one line.
   */
  forget?(
    config: z.output<Schema>,
    context: Pick<SinkContext, "pipeline" | "folder">,
  ): Promise<string[]>;
  /** Tries the target as a sink would use it: connects, or writes, and leaves nothing behind. Never throws. */
  probe(config: z.output<Schema>, context: ProbeContext): Promise<SinkProbe>;
}

/** A descriptor of any sink. */
// deno-lint-ignore no-explicit-any
export type AnySink = SinkDescriptor<string, any>;
