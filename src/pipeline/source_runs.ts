import type { Capture, CaptureNotice } from "../capture/media.ts";
import { CaptureError } from "../capture/capture_error.ts";
import { aborted, orAborted } from "../core/abort.ts";
import { BackOff } from "../core/back_off.ts";
import type { Log } from "../core/log.ts";
import { within } from "../core/within.ts";
import type { Labeler } from "../labels/labeler.ts";
import { ModelError } from "../model/manifest.ts";
import type { Publisher } from "../publish/publisher.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import type { Engine } from "./engine.ts";
import { EngineKeeper } from "./engine_keeper.ts";
import { logEngine, logPlaces } from "./engine_log.ts";
import type { EventTally } from "./event_tally.ts";
import type { PipelineParts, Source } from "./parts.ts";
import { type EventListener, Reporter, type ReporterOptions } from "./reporter.ts";
import type { PipelineConfig } from "./schema.ts";
import { SourceHealth } from "./source_health.ts";
import type { StateReport } from "./state_report.ts";
import { SourceStream } from "./stream.ts";
import { StreamCounts } from "./stream_counts.ts";

/** After this long without a failure, earlier ones no longer count, ms. */
const GOOD_LIFE_MS = 60_000;
/** Pause before a model is loaded again, ms: a GPU that resets needs time. */
const MODEL_PAUSE_MS = 1_000;
/** How long a stopped pipeline waits for an inference or a source that does not end, ms. */
const STOP_LIMIT_MS = 5_000;

/** What the runs of a source report to. */
export interface SourceRunsOptions {
  readonly publisher: Publisher;
  readonly state: StateReport;
  readonly telemetry: Telemetry;
  readonly log: Log;
  readonly tally: EventTally;
  readonly heard?: EventListener;
  /** Names of an event's recordings. */
  readonly mediaOf: ReporterOptions["mediaOf"];
  /** The camera's picture at a time. */
  readonly pictureAt: ReporterOptions["pictureAt"];
  /** Detection settings to start with. */
  readonly detect: PipelineConfig["detect"];
}

/** One configuration of a pipeline, and its parts. */
export interface Configured {
  readonly config: PipelineConfig;
  readonly parts: PipelineParts;
  /** Called when its engine is loaded. */
  readonly loaded: () => Promise<void>;
}

/** Why a source ended, if another try may help. */
interface Failure {
  readonly reason: string;
  /** Shortest pause before the next try, even if the source responds. */
  readonly leastPauseMs?: number;
}

/** What one configuration runs with. */
interface Running {
  readonly config: PipelineConfig;
  readonly source: Source;
  readonly engines: EngineKeeper;
  readonly reporter: Reporter;
  readonly labeler: Labeler | undefined;
}

/**
 * Runs the source of a pipeline until it ends: opens it again when it fails, loads the engine again when that fails, and stops it
 * while the pipeline is disabled.
 */
export class SourceRuns {
  readonly #options: SourceRunsOptions;
  readonly #health = new SourceHealth();
  readonly #counts = new StreamCounts();
  #detect: PipelineConfig["detect"];
  #engine: Engine | undefined;
  #engines: EngineKeeper | undefined;
  #stream: SourceStream | undefined;
  #capture: Pick<Capture, "level"> | undefined;
  #reconnects = 0;
  #reloads = 0;
  #repeats = false;
  #enabled = true;
  #toggled = new AbortController();

  constructor(options: SourceRunsOptions) {
    this.#options = options;
    this.#detect = options.detect;
  }

  /** The engine that was used last. */
  get engine(): Engine | undefined {
    return this.#engine;
  }

  /** The detection settings in use. */
  get detect(): PipelineConfig["detect"] {
    return this.#detect;
  }

  /** Hops since the start. */
  get hops(): number {
    return this.#counts.hops;
  }

  /** Whether nothing is given twice if it runs again: false for a file that has been read in part. */
  get restartable(): boolean {
    return !this.#repeats || this.hops === 0;
  }

  /** Uses other detection settings from the next time step on. */
  tune(detect: PipelineConfig["detect"]): void {
    this.#detect = detect;
    this.#stream?.tune(detect);
  }

  /** Stops the source, or starts it again. */
  enable(enabled: boolean): void {
    if (enabled === this.#enabled) return;
    this.#enabled = enabled;
    const toggled = this.#toggled;
    this.#toggled = new AbortController();
    toggled.abort();
  }

  /** The part of `P/NAME/stats` about the source and its streams, over all runs. */
  stats() {
    return {
      reconnects: this.#reconnects,
      audio_dbfs: this.#health.audioDbfs(this.#capture?.level),
      signal: this.#health.signal,
      model_reloads: this.#reloads + (this.#engines?.reloads ?? 0),
      ...this.#counts.stats(),
    };
  }

  /**
   * Runs with one configuration, until the source ends or the signal aborts.
   *
   * @throws {ModelError|CaptureError} when it fails for good.
   * @throws {LostEngineError} when only a new process can help.
   */
  async run({ config, parts, loaded }: Configured, signal: AbortSignal): Promise<void> {
    const { log } = this.#options;
    const engines = new EngineKeeper(() => parts.loadEngine(log));
    this.#engines = engines;
    try {
      const engine = await orAborted(engines.get(), signal);
      if (engine === undefined) return;
      await loaded();
      this.#engine = engine;
      logEngine(engine, log);
      const { manifest } = engine;
      if (config.detect.unlocated && !engine.encoders.givesPresence) {
        log("warning", `detect.unlocated has no effect: ${manifest.name} gives no presence`);
      }
      const reporter = new Reporter({ ...this.#options, manifest });
      const source = parts.source(manifest);
      const labeler = await parts.labeler?.();
      await this.#supervise({ config, source, engines, reporter, labeler }, signal);
    } finally {
      this.#reloads += engines.reloads;
      this.#engines = undefined;
      await within(STOP_LIMIT_MS, engines[Symbol.asyncDispose]());
    }
  }

  async #supervise(running: Running, signal: AbortSignal): Promise<void> {
    const { source } = running;
    const { state } = this.#options;
    this.#repeats = source.repeats;
    await source.require();
    const pauses = new BackOff();
    while (!signal.aborted) {
      const toggled = AbortSignal.any([signal, this.#toggled.signal]);
      if (!this.#enabled) {
        state.report("stopped", "disabled over MQTT");
        await aborted(toggled);
        continue;
      }
      const bornMs = performance.now();
      const failure = await this.#live(running, toggled);
      if (toggled.aborted) continue;
      if (failure === undefined) return;
      pauses.lasted(performance.now() - bornMs);
      this.#reconnects++;
      state.report("reconnecting", failure.reason, pauses.nextMs);
      await pauses.wait(toggled, source.answers, failure.leastPauseMs);
    }
  }

  /**
   * Runs the source once, from its start to its end or failure; loads the engine before if there is none.
   *
   * @returns why it ended, if another try may help.
   */
  async #live(running: Running, signal: AbortSignal): Promise<Failure | undefined> {
    const { source, engines } = running;
    const bornMs = performance.now();
    try {
      await untilStopped(this.#runStream(running, signal), signal);
      return source.device ? { reason: "the source has ended" } : undefined;
    } catch (error) {
      if (signal.aborted) return undefined;
      if (error instanceof CaptureError && !error.permanent && source.reopens) {
        return { reason: error.message };
      }
      if (!(error instanceof ModelError)) throw error;
      if (performance.now() - bornMs > GOOD_LIFE_MS) engines.recover();
      await engines.fail(error);
      if (!this.restartable) throw error;
      const reason = `${error.message}; the model is loaded again`;
      return { reason, leastPauseMs: MODEL_PAUSE_MS };
    } finally {
      this.#counts.end();
      this.#stream = undefined;
      this.#capture = undefined;
    }
  }

  async #runStream(running: Running, signal: AbortSignal): Promise<void> {
    const { config, source, engines, reporter, labeler } = running;
    const { state, publisher, telemetry, log } = this.#options;
    const engine = await engines.get();
    if (engine !== this.#engine) logPlaces(engine, log);
    this.#engine = engine;
    if (signal.aborted) return;
    await using capture = await source.open(signal);
    this.#health.reset();
    this.#capture = capture;
    capture.onNotice = (notice) => this.#notice(notice);
    this.#stream = new SourceStream(
      capture,
      engine,
      { ...config, detect: this.#detect },
      reporter,
      source.device,
      telemetry,
      labeler && ((kind, code) => labeler.label(kind, code)),
    );
    this.#counts.begin(this.#stream);
    state.report("running", null);
    await this.#stream.run(signal);
    if (!capture.live) await publisher.delivered(signal);
  }

  #notice(notice: CaptureNotice): void {
    if (notice.kind === "warning") {
      this.#options.log("warning", notice.message);
      return;
    }
    this.#health.take(notice);
    this.#options.state.report("running", this.#health.reason);
  }
}

/** Awaits a promise, but only for a few seconds more once the signal aborts. */
async function untilStopped(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  await Promise.race([promise, aborted(signal)]);
  if (signal.aborted) await within(STOP_LIMIT_MS, promise);
}
