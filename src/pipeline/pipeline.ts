import { CaptureError } from "../capture/capture_error.ts";
import type { Capture, CaptureNotice } from "../capture/media.ts";
import { Rate } from "./rate.ts";
import { SourceHealth } from "./source_health.ts";
import { maskSecrets } from "../core/secrets.ts";
import type { PipelineConfig } from "./schema.ts";
import type { PipelineState } from "../events/event.ts";
import { aborted, orAborted } from "../core/abort.ts";
import { BackOff } from "../core/back_off.ts";
import { within } from "../core/within.ts";
import { ModelError } from "../model/manifest.ts";
import type { Refusal } from "../model/runtime/session.ts";
import { Publisher } from "../publish/publisher.ts";
import type { Log } from "../core/log.ts";
import type { Engine } from "./engine.ts";
import { EventTally } from "./event_tally.ts";
import { EngineKeeper, LostEngineError } from "./engine_keeper.ts";
import type { PipelineParts, Source } from "./parts.ts";
import { type EventListener, Reporter } from "./reporter.ts";
import { Telemetry } from "../telemetry/telemetry.ts";
import { SourceStream } from "./stream.ts";

/** Pause between two stats messages, ms. */
const STATS_EVERY_MS = 10_000;
/** Pause between two stats messages to telemetry, ms. */
const TELEMETRY_STATS_EVERY_MS = 1_000;
/** Time over which hops per second are measured, s. */
const HOP_RATE_SECONDS = 10;
/** After this long without a failure, earlier ones no longer count, ms. */
const GOOD_LIFE_MS = 60_000;
/** How long a stopped pipeline waits for an inference or a source that does not end, ms. */
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
  readonly #heard: EventListener | undefined;
  #config: PipelineConfig;
  #parts: PipelineParts;
  readonly #startedMs = performance.now();
  readonly #health = new SourceHealth();
  readonly #hopRate = new Rate(HOP_RATE_SECONDS);
  readonly #warned: Record<string, number> = {};
  #detect: PipelineConfig["detect"];
  readonly #publisher: Publisher;
  readonly #tally = new EventTally();
  #engine: Engine | undefined;
  #engines: EngineKeeper | undefined;
  #stream: SourceStream | undefined;
  #capture: Pick<Capture, "level"> | undefined;
  #past: Partial<Record<string, number>> = {};
  #reconnects = 0;
  #reloads = 0;
  #repeats = false;
  #enabled = true;
  #toggled = new AbortController();
  #changed = new AbortController();
  #running = false;
  /** Held from a change of the configuration until the pipeline uses it. */
  #next: AsyncDisposable | undefined;
  #refusal: string | null = null;
  #told: { readonly state: PipelineState["state"]; readonly reason: string | null } | undefined;

  constructor(options: PipelineOptions) {
    const { parts, log: write } = options;
    const telemetry = this.telemetry = new Telemetry(write);
    const log: Log = (level, message, fields) => {
      write(level, message, fields);
      telemetry.tell("log", { timeMs: Date.now(), level, message: maskSecrets(message) });
    };
    this.#log = log;
    this.#heard = options.heard;
    this.#config = options.config;
    this.#parts = parts;
    this.#publisher = new Publisher(
      () => parts.sinks({ log, telemetry, onSet: (enabled) => this.#set(enabled) }),
      log,
    );
    this.#detect = options.config.detect;
    telemetry.tell("tuning", this.#detect);
  }

  /** The pipeline's name. */
  get name(): string {
    return this.#config.name;
  }

  /** The detection settings in use. */
  get detect(): PipelineConfig["detect"] {
    return this.#detect;
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
    this.#detect = detect;
    this.#stream?.tune(detect);
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
    if (reason === this.#refusal) return;
    this.#refusal = reason;
    if (this.#told?.state === "running") this.#report("running", this.#told.reason);
  }

  /**
   * Whether it can be run again after a failure without publishing events twice: false for a file that has been read
   * in part.
   */
  get restartable(): boolean {
    return !this.#repeats || this.stats().hops.run === 0;
  }

  /** Counters since the start, over all reconnects of the source; the content of `P/NAME/stats`. */
  stats() {
    const count = sum(this.#past, this.#stream?.stats() ?? {});
    return {
      uptime_s: Math.round((performance.now() - this.#startedMs) / 1000),
      rss_mb: Math.round(Deno.memoryUsage().rss / 1e6),
      reconnects: this.#reconnects,
      audio_dbfs: this.#health.audioDbfs(this.#capture?.level),
      signal: this.#health.signal,
      model_reloads: this.#reloads + (this.#engines?.reloads ?? 0),
      frames: {
        captured: count.frames ?? 0,
        encoded: count.encodedFrames ?? 0,
        reused: count.reusedFrames ?? 0,
        dropped: count.droppedFrames ?? 0,
        overwritten: count.overwrittenFrames ?? 0,
        rejected: count.rejectedFrames ?? 0,
      },
      audio: {
        samples: count.samples ?? 0,
        missing: count.missingSamples ?? 0,
        overwritten: count.overwrittenSamples ?? 0,
        dropped_buffers: count.droppedAudioBuffers ?? 0,
        drift_added: count.driftSamplesAdded ?? 0,
        drift_removed: count.driftSamplesRemoved ?? 0,
      },
      hops: {
        run: count.hops ?? 0,
        early: count.earlyHops ?? 0,
        encoded: count.encodedWindows ?? 0,
        skipped: count.skippedHops ?? 0,
      },
      hops_per_second: Math.round(this.#hopRate.perSecond * 100) / 100,
      steps: {
        grounded: count.steps ?? 0,
        silent: count.silentSteps ?? 0,
        weak: count.weakSteps ?? 0,
        lost: count.lostSteps ?? 0,
        unpaired: count.unpairedSteps ?? 0,
        invalid: count.invalidSteps ?? 0,
      },
      ...this.#tally.stats(),
      invalid_events: this.#publisher.invalidEvents,
      pictures: { ...this.#publisher.pictures },
      providers: this.#engine?.providers ?? {},
      sinks: this.#publisher.counters(),
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
      this.#report("starting", null);
      while (await this.#runConfig(signal) === "changed") { /* Runs the new configuration. */ }
      await publisher.picturesDone();
      this.#report("stopped", signal.aborted ? stopReason(signal) : "the source has ended");
    } catch (error) {
      await publisher.picturesDone();
      const retryMs = nextTry(error);
      const reason = error instanceof Error ? error.message : String(error);
      this.#report("failed", reason + (retryMs === undefined ? "" : nextTryText(retryMs)));
      throw error;
    } finally {
      this.#running = false;
      clearInterval(timer);
      clearInterval(statsTimer);
      await within(STOP_LIMIT_MS, this.#dropNext());
      this.#reportStats();
      await publisher.close();
    }
  }

  /** Runs with one configuration, until it is changed or all is over. */
  async #runConfig(signal: AbortSignal): Promise<"changed" | "over"> {
    const changed = this.#changed.signal;
    const stop = AbortSignal.any([signal, changed]);
    const parts = this.#parts;
    const engines = new EngineKeeper(() => parts.loadEngine(this.#log));
    this.#engines = engines;
    try {
      const engine = await orAborted(engines.get(), stop);
      if (engine !== undefined) {
        await this.#dropNext();
        this.#engine = engine;
        this.#logEngine(engine);
        const reporter = new Reporter({
          publisher: this.#publisher,
          manifest: engine.manifest,
          tally: this.#tally,
          heard: this.#heard,
          telemetry: this.telemetry,
          log: this.#log,
        });
        await this.#supervise(engines, engine, reporter, stop);
      }
      return changed.aborted && !signal.aborted ? "changed" : "over";
    } finally {
      this.#reloads += engines.reloads;
      this.#engines = undefined;
      await within(STOP_LIMIT_MS, engines[Symbol.asyncDispose]());
    }
  }

  async #dropNext(): Promise<void> {
    const next = this.#next;
    this.#next = undefined;
    await next?.[Symbol.asyncDispose]();
  }

  async #supervise(
    engines: EngineKeeper,
    { manifest }: Engine,
    reporter: Reporter,
    signal: AbortSignal,
  ): Promise<void> {
    const source = this.#parts.source(manifest);
    this.#repeats = source.repeats;
    await source.require();
    const pauses = new BackOff();
    while (!signal.aborted) {
      const toggled = AbortSignal.any([signal, this.#toggled.signal]);
      if (!this.#enabled) {
        this.#report("stopped", "disabled over MQTT");
        await aborted(toggled);
        continue;
      }
      const bornMs = performance.now();
      const reason = await this.#live(source, engines, reporter, toggled);
      if (toggled.aborted) continue;
      if (reason === undefined) return;
      if (performance.now() - bornMs > GOOD_LIFE_MS) pauses.reset();
      this.#reconnects++;
      this.#report("reconnecting", reason + nextTryText(pauses.nextMs));
      await pauses.wait(toggled, source.answers);
    }
  }

  /**
   * Runs the source once, from its start to its end or failure; loads the engine before if there is none.
   *
   * @returns why it ended, if another try may help.
   */
  async #live(
    source: Source,
    engines: EngineKeeper,
    reporter: Reporter,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const bornMs = performance.now();
    try {
      await untilStopped(this.#runStream(source, engines, reporter, signal), signal);
      return source.device ? "the source has ended" : undefined;
    } catch (error) {
      if (signal.aborted) return undefined;
      if (error instanceof CaptureError && !error.permanent && source.reopens) return error.message;
      if (!(error instanceof ModelError)) throw error;
      if (performance.now() - bornMs > GOOD_LIFE_MS) engines.recover();
      await engines.fail(error);
      if (!this.restartable) throw error;
      return `${error.message}; the model is loaded again`;
    } finally {
      this.#past = sum(this.#past, this.#stream?.stats() ?? {});
      this.#stream = undefined;
      this.#capture = undefined;
    }
  }

  async #runStream(
    source: Source,
    engines: EngineKeeper,
    reporter: Reporter,
    signal: AbortSignal,
  ): Promise<void> {
    const engine = await engines.get();
    if (engine !== this.#engine) this.#logPlaces(engine);
    this.#engine = engine;
    if (signal.aborted) return;
    await using capture = await source.open(signal);
    this.#health.reset();
    this.#capture = capture;
    capture.onNotice = (notice) => this.#notice(notice);
    this.#stream = new SourceStream(
      capture,
      engine,
      { ...this.#config, detect: this.#detect },
      reporter,
      source.device,
      this.telemetry,
    );
    this.#report("running", null);
    await this.#stream.run(signal);
  }

  #notice(notice: CaptureNotice): void {
    if (notice.kind === "warning") {
      this.#log("warning", notice.message);
      return;
    }
    this.#health.take(notice);
    this.#report("running", this.#health.reason);
  }

  #reportStats(): void {
    const stats = this.stats();
    this.#publisher.stats(stats);
    const { lost, unpaired, invalid } = stats.steps;
    const bad = {
      "arrived too late": lost,
      "have no frame near enough in time": unpaired,
      "have values that are not finite": invalid,
    };
    for (const [what, count] of Object.entries(bad)) {
      const more = count - (this.#warned[what] ?? 0);
      this.#warned[what] = count;
      if (more > 0) this.#log("warning", `${more} time steps ${what}`);
    }
  }

  #offerStats(): void {
    const hops = sum(this.#past, this.#stream?.stats() ?? {}).hops ?? 0;
    this.#hopRate.mark(hops, performance.now());
    if (this.telemetry.wants("stats")) this.telemetry.tell("stats", this.stats());
  }

  #set(enabled: boolean): void {
    if (enabled === this.#enabled) return;
    this.#enabled = enabled;
    const toggled = this.#toggled;
    this.#toggled = new AbortController();
    toggled.abort();
  }

  #report(state: PipelineState["state"], reason: string | null): void {
    this.#told = { state, reason };
    const reasons = state === "running" ? [reason, this.#refusal] : [reason];
    const shown = maskSecrets(reasons.filter((text) => text !== null).join("; ")) || null;
    const troubled = state === "reconnecting" || (state === "running" && shown !== null);
    const level = state === "failed" ? "error" : troubled ? "warning" : "info";
    this.#log(level, shown === null ? state : `${state}: ${shown}`);
    const told = {
      state,
      since: Date.now() / 1000,
      reason: shown,
      providers: this.#engine?.providers,
    };
    this.#publisher.state(told);
    this.telemetry.tell("state", told);
  }

  #logEngine(engine: Engine): void {
    const log = this.#log;
    this.#logPlaces(engine);
    for (const { provider, reason } of refusals(engine)) {
      log("warning", `execution provider ${provider} is not used: ${reason}`);
    }
    const { manifest } = engine;
    manifest.heads.forEach(({ kind, calibration, verified }, k) => {
      if (!calibration) {
        log(
          "warning",
          `head ${k} (${kind}) is not calibrated: its scores only rank time steps against each other; ` +
            `run whence model calibrate ${manifest.name}`,
        );
      }
      if (!verified) log("warning", `head ${k} is presumed to be the ${kind} head`);
    });
  }

  #logPlaces({ manifest, providers }: Engine): void {
    const places = Object.entries(providers).map(([part, provider]) => `${part} on ${provider}`);
    this.#log("info", `model ${manifest.name}@${manifest.version}: ${places.join(", ")}`);
  }
}

/** Providers that are not used although they are preferred, each once. */
function refusals({ runtime, encoders }: Engine): Refusal[] {
  const all = [...runtime.refused, ...encoders.image.refused, ...encoders.audio.refused];
  return [...new Map(all.map((refusal) => [refusal.provider, refusal])).values()];
}

function nextTryText(ms: number): string {
  return `; next try in ${ms / 1000} s`;
}

function stopReason({ reason }: AbortSignal): string {
  return reason instanceof LostEngineError ? "the process must be restarted" : "stop requested";
}

/** Awaits a promise, but only for a few seconds more once the signal aborts. */
async function untilStopped(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  await Promise.race([promise, aborted(signal)]);
  if (signal.aborted) await within(STOP_LIMIT_MS, promise);
}

function sum(
  a: Readonly<Partial<Record<string, number>>>,
  b: Readonly<Partial<Record<string, number>>>,
): Partial<Record<string, number>> {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return Object.fromEntries([...keys].map((key) => [key, (a[key] ?? 0) + (b[key] ?? 0)]));
}
