import type { Capture } from "../capture/media.ts";
import type { Answers } from "../core/back_off.ts";
import type { Log } from "../core/log.ts";
import type { Manifest } from "../model/manifest.ts";
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

/** Callbacks of a pipeline's sinks. */
export interface SinkCallbacks {
  readonly telemetry: Telemetry;
  readonly log: Log;
  /** Called for each valid message on `P/NAME/set`. */
  readonly onSet: (enabled: boolean) => void;
}

/** The parts of one pipeline, made from its configuration by the composition root. */
export interface PipelineParts {
  /** @throws {ModelError} one line: model missing or broken, library or provider unavailable. */
  loadEngine(log: Log): Promise<SharedEngine>;
  /** @throws {CaptureError} with the path of the faulty key. */
  source(manifest: Manifest): Source;
  /** The sinks, not yet opened. */
  sinks(callbacks: SinkCallbacks): readonly Sink[];
}
