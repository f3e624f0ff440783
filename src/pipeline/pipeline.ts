import type { Log } from "../core/log.ts";
import { maskSecrets } from "../core/secrets.ts";
import { within } from "../core/within.ts";
import { Publisher } from "../publish/publisher.ts";
import { Telemetry } from "../telemetry/telemetry.ts";
import { CameraPictures } from "./camera_pictures.ts";
import { LostEngineError } from "./engine_keeper.ts";
import { EventTally } from "./event_tally.ts";
import type { PipelineParts, Recorder } from "./parts.ts";
import { Rate } from "./rate.ts";
import type { EventListener } from "./reporter.ts";
import type { PipelineConfig } from "./schema.ts";
import { SourceRuns } from "./source_runs.ts";
import { StateReport } from "./state_report.ts";
import { StepWarnings } from "./stream_counts.ts";

/** Pause between two stats messages, ms. */
const STATS_EVERY_MS = 10_000;
/** Pause between two stats messages to telemetry, ms. */
const TELEMETRY_STATS_EVERY_MS = 1_000;
/** Time over which hops per second are measured, s. */
const HOP_RATE_SECONDS = 10;
/** How long a stopped pipeline waits for an engine that is released, ms. */
const STOP_LIMIT_MS = 5_000;

/** What a pipeline is made from. */
export interface PipelineOptions {
  readonly config: PipelineConfig;
  readonly parts: PipelineParts;
  readonly log: Log;
  /** Receives each event as it is published. */
  readonly heard?: EventListener;
}

/** The time until a failed pipeline is run again, ms; undefined when it is not. */
export type NextTry = (error: unknown) => number | undefined;

/** Wires capture, grounding, detection and publishing of one pipeline file; starts, watches and stops them. */
export class Pipeline {
  /** What the pipeline offers to listeners in this process. */
  readonly telemetry: Telemetry;
  readonly #log: Log;
  #config: PipelineConfig;
  #parts: PipelineParts;
  readonly #startedMs = performance.now();
  readonly #hopRate = new Rate(HOP_RATE_SECONDS);
  readonly #stepWarnings = new StepWarnings();
  readonly #publisher: Publisher;
  readonly #state: StateReport;
  readonly #tally = new EventTally();
  readonly #runs: SourceRuns;
  readonly #heard: boolean;
  #recorder: Recorder | undefined;
  /** Kept while events get pictures. */
  #pictures: CameraPictures | undefined;
  #changed = new AbortController();
  #running = false;
  /** Held from a change of the configuration until the pipeline uses it. */
  #next: AsyncDisposable | undefined;

  constructor(options: PipelineOptions) {
    const { parts, log: write } = options;
    const telemetry = this.telemetry = new Telemetry(write);
    const log: Log = (level, message, fields) => {
      write(level, message, fields);
      telemetry.tell("log", { timeMs: Date.now(), level, message: maskSecrets(message) });
    };
    this.#log = log;
    this.#config = options.config;
    this.#parts = parts;
    this.#heard = options.heard !== undefined;
    this.#publisher = new Publisher(
      () => parts.sinks({ log, telemetry, onSet: (enabled) => this.#runs.enable(enabled) }),
      log,
    );
    this.#state = new StateReport({
      publisher: this.#publisher,
      telemetry,
      log,
      providers: () => this.#runs.engine?.providers,
    });
    const { detect } = options.config;
    this.#runs = new SourceRuns({
      publisher: this.#publisher,
      state: this.#state,
      telemetry,
      log,
      tally: this.#tally,
      heard: options.heard,
      mediaOf: (event) => this.#recorder?.mediaOf(event) ?? {},
      pictureAt: (seconds) => this.#pictures?.at(seconds),
      detect,
    });
    telemetry.tell("tuning", detect);
  }

  /** The pipeline's name. */
  get name(): string {
    return this.#config.name;
  }

  /** The detection settings in use. */
  get detect(): PipelineConfig["detect"] {
    return this.#runs.detect;
  }

  /** The detection settings of the pipeline file. */
  get declaredDetect(): PipelineConfig["detect"] {
    return this.#config.detect;
  }

  /** Takes note of detection settings that the pipeline file has now; `tune` uses them. */
  declareDetect(detect: PipelineConfig["detect"]): void {
    this.#config = { ...this.#config, detect };
  }

  /** Uses other detection settings from the next time step on, until the pipeline file is read again. */
  tune(detect: PipelineConfig["detect"]): void {
    this.#runs.tune(detect);
    this.telemetry.tell("tuning", detect);
  }

  /**
   * Uses another configuration. What it needs is loaded and checked first; if that fails, nothing changes. Then open events end,
   * the source is opened again, and the sinks stay as they are.
   *
   * @param config has the same name and sinks.
   * @throws {ModelError|CaptureError} in one line, why it cannot be used.
   */
  async change(config: PipelineConfig, parts: PipelineParts): Promise<void> {
    const engine = await parts.loadEngine(this.#log);
    try {
      await parts.source(engine.manifest).require();
      await parts.labeler?.();
    } catch (error) {
      await engine[Symbol.asyncDispose]();
      throw error;
    }
    await this.#dropNext();
    this.#next = engine;
    this.#config = config;
    this.#parts = parts;
    this.tune(config.detect);
    const changed = this.#changed;
    this.#changed = new AbortController();
    changed.abort();
    if (!this.#running) await this.#dropNext();
  }

  /** Says in `state` why a changed pipeline file is not used; null if it is. */
  refuse(reason: string | null): void {
    this.#state.refuse(reason);
  }

  /**
   * Whether it can be run again after a failure without publishing events twice: false for a file that has been read
   * in part.
   */
  get restartable(): boolean {
    return this.#runs.restartable;
  }

  /** Counters since the start, over all reconnects of the source; the content of `P/NAME/stats`. */
  stats() {
    const { steps, ...source } = this.#runs.stats();
    return {
      uptime_s: Math.round((performance.now() - this.#startedMs) / 1000),
      rss_mb: Math.round(Deno.memoryUsage().rss / 1e6),
      ...source,
      hops_per_second: Math.round(this.#hopRate.perSecond * 100) / 100,
      steps,
      ...this.#tally.stats(),
      invalid_events: this.#publisher.invalidEvents,
      pictures: { ...this.#publisher.pictures },
      providers: this.#runs.engine?.providers ?? {},
      sinks: this.#publisher.counters(),
      ...this.#recorder && { record: this.#recorder.counters() },
    };
  }

  /**
   * Runs until a file ends, the signal aborts, or the pipeline fails for good. A camera or stream that fails is opened
   * again after 1, 5, 10, 60 s; a model that fails is loaded again, too.
   *
   * @param nextTry called after a failure, so that the state can include the time of the next try.
   * @throws {ModelError|CaptureError|PublishError} one line with the reason why it failed for good, which is also in `state`.
   * @throws {LostEngineError} when only a new process can help.
   */
  async run(signal: AbortSignal, nextTry: NextTry = () => undefined): Promise<void> {
    const publisher = this.#publisher;
    const timer = setInterval(() => this.#reportStats(), STATS_EVERY_MS);
    const statsTimer = setInterval(() => this.#offerStats(), TELEMETRY_STATS_EVERY_MS);
    this.#running = true;
    try {
      await publisher.open();
      const { telemetry } = this;
      if (publisher.takesPictures || this.#heard) this.#pictures = new CameraPictures(telemetry);
      this.#recorder = await this.#parts.record?.({ telemetry, log: this.#log });
      this.#state.report("starting", null);
      while (await this.#runConfig(signal) === "changed") { /* Runs the new configuration. */ }
      await publisher.picturesDone();
      this.#state.report("stopped", signal.aborted ? stopReason(signal) : "the source has ended");
    } catch (error) {
      await publisher.picturesDone();
      const retryMs = nextTry(error);
      const reason = error instanceof Error ? error.message : String(error);
      this.#state.report("failed", reason, retryMs);
      throw error;
    } finally {
      this.#running = false;
      clearInterval(timer);
      clearInterval(statsTimer);
      await within(STOP_LIMIT_MS, this.#dropNext());
      this.#pictures?.[Symbol.dispose]();
      await this.#recorder?.[Symbol.asyncDispose]();
      this.#reportStats();
      await publisher.close();
    }
  }

  /** Runs with one configuration, until it is changed or all is over. */
  async #runConfig(signal: AbortSignal): Promise<"changed" | "over"> {
    const changed = this.#changed.signal;
    const stop = AbortSignal.any([signal, changed]);
    const loaded = () => this.#dropNext();
    await this.#runs.run({ config: this.#config, parts: this.#parts, loaded }, stop);
    return changed.aborted && !signal.aborted ? "changed" : "over";
  }

  async #dropNext(): Promise<void> {
    const next = this.#next;
    this.#next = undefined;
    await next?.[Symbol.asyncDispose]();
  }

  #reportStats(): void {
    const stats = this.stats();
    this.#publisher.stats(stats);
    this.#stepWarnings.warn(stats.steps, this.#log);
  }

  #offerStats(): void {
    this.#hopRate.mark(this.#runs.hops, performance.now());
    if (this.telemetry.wants("stats")) this.telemetry.tell("stats", this.stats());
  }
}

function stopReason({ reason }: AbortSignal): string {
  return reason instanceof LostEngineError ? "the process must be restarted" : "stop requested";
}
