import type { CaptureError } from "../capture/capture_error.ts";
import type { ExaminedSource } from "../capture/examined_source.ts";
import type { Capture } from "../capture/media.ts";
import type { SourceConfig } from "../capture/source_schema.ts";
import type { Answers } from "../core/back_off.ts";
import type { Finding } from "../core/finding.ts";
import type { Log } from "../core/log.ts";
import type { Labeler } from "../labels/labeler.ts";
import type { Manifest } from "../model/manifest.ts";
import type { WhenceEvent } from "../events/event.ts";
import type { Sink } from "../publish/sink.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import type { SharedEngine } from "./engine_pool.ts";

/** A source, planned for one model; it can be opened again after a failure. */
export interface Source {
  /** Whether it only ends by failing: a camera, a microphone, a network stream. */
  readonly device: boolean;
  /** Whether opening it again may help after a failure. */
  readonly reopens: boolean;
  /** Whether opening it again starts over with what it has already given: a file. */
  readonly repeats: boolean;
  /**
   * Checks that this machine can open the source at all.
   *
   * @throws {CaptureError} that names what is not installed.
   */
  require(): Promise<void>;
  /** Whether its devices and hosts are present now, so that opening it again may work. */
  readonly answers?: Answers;
  /**
   * Starts the source; its streams end when the signal aborts.
   *
   * @throws {CaptureError} when the source cannot be opened.
   */
  open(signal: AbortSignal): Promise<Capture>;
}

/** A source that a file names, planned for one model. */
export interface PlannedSource {
  /** Launch text for display, secrets masked. */
  readonly shown: string;
  /** The GStreamer elements it needs. */
  readonly elements: readonly string[];
  /** Why its launch text cannot be built. */
  readonly fault: CaptureError | undefined;
}

/** What `check` and `doctor` use to look at sources, and at what encodes recordings. */
export interface SourceChecks {
  /**
   * Plans a source without opening it.
   *
   * @param folder relative paths start there.
   * @throws {CaptureError} with the path of the faulty key.
   */
  plan(source: SourceConfig, manifest: Manifest, folder: string): Promise<PlannedSource>;
  /** Looks at this machine's devices and libraries for capture, and at the source of a file if it is given. */
  examine(examined?: ExaminedSource): Promise<Finding[]>;
  /** Why this machine cannot encode videos, in one line; undefined if it can. */
  encoderFault(): Promise<string | undefined>;
}

/** Callbacks of a pipeline's sinks. */
export interface SinkCallbacks {
  readonly telemetry: Telemetry;
  readonly log: Log;
  /** Called for each valid message on `P/NAME/set`. */
  readonly onSet: (enabled: boolean) => void;
}

/** What keeps pictures and clips of a pipeline. */
export interface Recorder extends AsyncDisposable {
  /** Names of an event's files. */
  mediaOf(event: Omit<WhenceEvent, "latency_ms">): WhenceEvent["media"];
  /** Counters and the reason of the newest failure, for `stats`. */
  counters(): Readonly<Record<string, number | string | null>>;
}

/** The parts of one pipeline, made from its configuration by the composition root. */
export interface PipelineParts {
  /** @throws {ModelError} one line: model missing or broken, library or provider unavailable. */
  loadEngine(log: Log): Promise<SharedEngine>;
  /**
   * What names the events; undefined if nothing does.
   *
   * @throws {ModelError} one line: a bank or a label file cannot be read, or belongs to another model.
   * @throws {PublishError} one line: no event can get a label of a sink's filter.
   */
  labeler?(): Promise<Labeler | undefined>;
  /** @throws {CaptureError} with the path of the faulty key. */
  source(manifest: Manifest): Source;
  /** The sinks, not yet opened. */
  sinks(callbacks: SinkCallbacks): readonly Sink[];
  /**
   * Starts to record; absent: nothing is recorded.
   *
   * @throws {RecordError} when this machine cannot record.
   */
  readonly record?: (listened: Pick<SinkCallbacks, "telemetry" | "log">) => Promise<Recorder>;
}
