import { CaptureError } from "../capture/capture_error.ts";
import type { CaptureNotice } from "../capture/media.ts";
import { maskSecrets } from "../core/secrets.ts";
import type { PipelineConfig } from "./schema.ts";
import type { PipelineState } from "../events/event.ts";
import { BackOff } from "../core/back_off.ts";
import { ModelError } from "../model/manifest.ts";
import { Publisher } from "../publish/publisher.ts";
import type { Log } from "../core/log.ts";
import type { Engine } from "./engine.ts";
import type { PipelineParts, Source } from "./parts.ts";
import { type EventListener, Reporter } from "./reporter.ts";
import { SourceStream } from "./stream.ts";

/** Pause between two stats messages, ms. */
const STATS_EVERY_MS = 10_000;
/** A source that lived this long was a good one: the next pause is the shortest again, ms. */
const GOOD_LIFE_MS = 60_000;

/** What a pipeline is made from. */
export interface PipelineOptions {
  readonly config: PipelineConfig;
  readonly parts: PipelineParts;
  readonly log: Log;
  /** Hears of each event as it is published. */
  readonly heard?: EventListener;
}

/** Wires capture, grounding, detection and publishing of one pipeline file; starts, supervises and stops them. */
export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #startedMs = performance.now();
  readonly #starved = new Set<string>();
  readonly #warned: Record<string, number> = {};
  #publisher: Publisher | undefined;
  #engine: Engine | undefined;
  #reporter: Reporter | undefined;
  #stream: SourceStream | undefined;
  #past: Partial<Record<string, number>> = {};
  #reconnects = 0;
  #enabled = true;
  #toggled = new AbortController();

  constructor(options: PipelineOptions) {
    this.#options = options;
  }

  /** Counters since the start, all lives of a reconnecting source together; what `P/NAME/stats` says. */
  stats() {
    const count = sum(this.#past, this.#stream?.stats() ?? {});
    return {
      uptime_s: Math.round((performance.now() - this.#startedMs) / 1000),
      rss_mb: Math.round(Deno.memoryUsage().rss / 1e6),
      reconnects: this.#reconnects,
      frames: {
        captured: count.frames ?? 0,
        encoded: count.encodedFrames ?? 0,
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
      hops: { run: count.hops ?? 0, skipped: count.skippedHops ?? 0 },
      steps: {
        grounded: count.steps ?? 0,
        lost: count.lostSteps ?? 0,
        unpaired: count.unpairedSteps ?? 0,
        invalid: count.invalidSteps ?? 0,
      },
      ...this.#reporter?.stats(),
      providers: this.#engine?.providers ?? {},
      sinks: this.#publisher?.counters() ?? {},
    };
  }

  /**
   * Runs until a file ends, the signal aborts, or the pipeline fails for good. A camera or stream that fails is opened again
   * after 1, 5, 10, 60 s.
   *
   * @throws {ModelError|CaptureError} one line that says why it failed for good; `state` says so too.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { parts, log } = this.#options;
    const publisher = new Publisher(
      parts.sinks({ log, onSet: (enabled) => this.#set(enabled) }),
      log,
    );
    await publisher.open();
    this.#publisher = publisher;
    const timer = setInterval(() => this.#tellStats(publisher), STATS_EVERY_MS);
    try {
      this.#tell("starting", null);
      await using engine = await orAborted(parts.loadEngine(log), signal);
      if (engine === undefined) return this.#tell("stopped", "asked to stop");
      this.#engine = engine;
      this.#describe(engine);
      const { heard } = this.#options;
      this.#reporter = new Reporter({
        publisher,
        manifest: engine.manifest,
        wantsHeatmap: publisher.wantsHeatmap,
        heard,
        log,
      });
      await this.#supervise(engine, this.#reporter, signal);
      this.#tell("stopped", signal.aborted ? "asked to stop" : "the source has ended");
    } catch (error) {
      this.#tell("failed", error instanceof Error ? error.message : String(error));
      throw error;
    } finally {
      clearInterval(timer);
      this.#tellStats(publisher);
      await publisher.close();
    }
  }

  async #supervise(engine: Engine, reporter: Reporter, signal: AbortSignal): Promise<void> {
    const source = this.#options.parts.source(engine.manifest);
    await source.require();
    const pauses = new BackOff();
    while (!signal.aborted) {
      const toggled = AbortSignal.any([signal, this.#toggled.signal]);
      if (!this.#enabled) {
        this.#tell("stopped", "disabled over MQTT");
        await aborted(toggled);
        continue;
      }
      const bornMs = performance.now();
      const reason = await this.#live(source, engine, reporter, toggled);
      if (toggled.aborted) continue;
      if (reason === undefined) return;
      if (performance.now() - bornMs > GOOD_LIFE_MS) pauses.reset();
      this.#reconnects++;
      this.#tell("reconnecting", `${reason}; next try in ${pauses.nextMs / 1000} s`);
      await pauses.wait(toggled);
    }
  }

  /** One life of the source. Gives why it ended if it is worth another try, else undefined. */
  async #live(
    source: Source,
    engine: Engine,
    reporter: Reporter,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    try {
      await using capture = await source.open(signal);
      this.#starved.clear();
      capture.onNotice = (notice) => this.#notice(notice);
      this.#stream = new SourceStream(
        capture,
        engine,
        this.#options.config,
        reporter,
        source.device,
      );
      this.#tell("running", null);
      await this.#stream.run(signal);
      return source.device ? "the source has ended" : undefined;
    } catch (error) {
      if (signal.aborted) return undefined;
      const mayHeal = error instanceof ModelError ||
        error instanceof CaptureError && !error.permanent;
      if (!(mayHeal && source.reopens)) throw error;
      return error.message;
    } finally {
      this.#past = sum(this.#past, this.#stream?.stats() ?? {});
      this.#stream = undefined;
    }
  }

  #notice(notice: CaptureNotice): void {
    if (notice.kind === "warning") {
      this.#options.log("warning", notice.message);
      return;
    }
    if (notice.kind === "starved") this.#starved.add(notice.stream);
    else this.#starved.delete(notice.stream);
    const missing = [...this.#starved].toSorted();
    this.#tell("running", missing.length === 0 ? null : `no ${missing.join(" and no ")} arrives`);
  }

  #tellStats(publisher: Publisher): void {
    const stats = this.stats();
    publisher.stats(stats);
    const { lost, unpaired, invalid } = stats.steps;
    const bad = { "came too late": lost, "found no frame": unpaired, "are no numbers": invalid };
    for (const [what, count] of Object.entries(bad)) {
      const more = count - (this.#warned[what] ?? 0);
      this.#warned[what] = count;
      if (more > 0) this.#options.log("warning", `${more} time steps ${what}`);
    }
  }

  #set(enabled: boolean): void {
    if (enabled === this.#enabled) return;
    this.#enabled = enabled;
    const toggled = this.#toggled;
    this.#toggled = new AbortController();
    toggled.abort();
  }

  #tell(state: PipelineState["state"], reason: string | null): void {
    const shown = reason === null ? null : maskSecrets(reason);
    const level = state === "failed" || state === "reconnecting" || state === "running" && shown
      ? "warning"
      : "info";
    this.#options.log(level, shown === null ? state : `${state}: ${shown}`);
    this.#publisher?.state({
      state,
      since: Date.now() / 1000,
      reason: shown,
      providers: this.#engine?.providers,
    });
  }

  #describe({ manifest, runtime, providers }: Engine): void {
    const { log } = this.#options;
    const places = Object.entries(providers).map(([part, provider]) => `${part} on ${provider}`);
    log("info", `model ${manifest.name}@${manifest.version}: ${places.join(", ")}`);
    for (const { provider, reason } of runtime.refused) {
      log("warning", `execution provider ${provider} is not used: ${reason}`);
    }
    manifest.heads.forEach(({ kind, calibration, verified }, k) => {
      if (!calibration) {
        log(
          "warning",
          `head ${k} (${kind}) is not calibrated: its scores only say how far it stands out; ` +
            `run whence model calibrate ${manifest.name}`,
        );
      }
      if (!verified) log("warning", `nobody has verified that head ${k} is the ${kind} head`);
    });
  }
}

/** What a promise gives; undefined as soon as the signal aborts, whatever it gives later being let go of. */
async function orAborted<T extends AsyncDisposable>(
  promise: Promise<T>,
  signal: AbortSignal,
): Promise<T | undefined> {
  const first = await Promise.race([promise, aborted(signal)]);
  if (first === undefined) promise.then((late) => late[Symbol.asyncDispose](), () => {});
  return first ?? undefined;
}

function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  else signal.addEventListener("abort", () => resolve(), { once: true });
  return promise;
}

function sum(
  a: Readonly<Partial<Record<string, number>>>,
  b: Readonly<Partial<Record<string, number>>>,
): Partial<Record<string, number>> {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return Object.fromEntries([...keys].map((key) => [key, (a[key] ?? 0) + (b[key] ?? 0)]));
}
