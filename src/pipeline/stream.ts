import type { AudioChunk, Capture, Frame } from "../capture/media.ts";
import { setImmediate } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { CaptureError } from "../capture/capture_error.ts";
import type { FitGeometry } from "../core/fit_geometry.ts";
import type { EndReason } from "../events/event.ts";
import type { PipelineConfig } from "./schema.ts";
import { type Detection, Detector, type Label } from "../detection/detector.ts";
import { skipRules } from "../detection/skip_rules.ts";
import type { Hop, Step } from "../grounding/grounded_step.ts";
import type { SkipRules } from "../grounding/skip_rules.ts";
import { RollingGrounding } from "../grounding/rolling.ts";
import { AudioRing } from "../ring/audio_ring.ts";
import { FrameRing } from "../ring/frame_ring.ts";
import { CaptureClock } from "./capture_clock.ts";
import type { Engine } from "./engine.ts";
import { checkRecording } from "./check_recording.ts";
import { FastReader } from "./fast_reader.ts";
import { LiveReader } from "./live_reader.ts";
import { STALLED, StreamArrivals } from "./stream_arrivals.ts";
import type { StreamListener } from "./stream_listener.ts";
import { StreamTelemetry } from "./stream_telemetry.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import { Wake } from "./wake.ts";

/** Audio and frames kept beyond the needs of a hop, s: covers the largest buffer of any decoder. */
const SLACK = 4;
/** Frames kept before the next step, besides the merge gap, s. */
const LOOK_BACK = 0.5;
/** Longest sleep of the live loop, ms: how often it checks for stalled streams. */
const TICK_MS = 100;

/** One run of a source: from its first sample to its end, its failure or an abort. */
export class SourceStream {
  readonly #capture: Capture;
  readonly #engine: Engine;
  #config: PipelineConfig;
  readonly #listener: StreamListener;
  readonly #clock: CaptureClock;
  readonly #audio: AudioRing;
  readonly #frames: FrameRing;
  readonly #rolling: RollingGrounding;
  readonly #wake = new Wake();
  readonly #device: boolean;
  readonly #telemetry: StreamTelemetry | undefined;
  readonly #label: Label | undefined;
  readonly #arrivals = new StreamArrivals();
  #detector: Detector | undefined;
  #fit: FitGeometry | undefined;
  #skipRules: SkipRules;

  /**
   * @param device whether the source only ends by failing; without data for 30 s it has failed too.
   * @param telemetry receives what listeners asked for.
   * @param label names what is heard.
   */
  constructor(
    capture: Capture,
    engine: Engine,
    config: PipelineConfig,
    listener: StreamListener,
    device = false,
    telemetry?: Telemetry,
    label?: Label,
  ) {
    this.#label = label;
    this.#device = device;
    this.#capture = capture;
    this.#engine = engine;
    this.#config = config;
    this.#listener = listener;
    this.#clock = new CaptureClock(capture.epochZeroNs);
    this.#telemetry = telemetry &&
      new StreamTelemetry(telemetry, capture, engine, config, this.#clock);
    const { image, audio } = engine.manifest;
    const { duration, hop, lookahead } = config.window;
    this.#audio = new AudioRing(audio.sample_rate, duration + SLACK);
    this.#frames = new FrameRing(
      Math.ceil((hop + lookahead + SLACK) * config.source.frame_rate),
      image.width * image.height * 3,
    );
    this.#rolling = new RollingGrounding(
      engine.encoders,
      engine.similarity,
      this.#audio,
      this.#frames,
      {
        ...config.window,
        maxFrameDistance: Math.max(1, 1.5 / config.source.frame_rate),
      },
    );
    this.#skipRules = skipRules(config.detect, engine.manifest.heads);
  }

  /** Uses other detection settings from the next step on. */
  tune(detect: PipelineConfig["detect"]): void {
    this.#config = { ...this.#config, detect };
    this.#skipRules = skipRules(detect, this.#engine.manifest.heads);
    this.#detector?.configure(detect);
    this.#telemetry?.configure(this.#config);
  }

  /** Counters of the source, the rings and the rolling window. */
  stats() {
    return {
      ...this.#rolling.stats(),
      ...this.#capture.stats(),
      missingSamples: this.#audio.missing,
      overwrittenSamples: this.#audio.overwritten,
      overwrittenFrames: this.#frames.overwritten,
      rejectedFrames: this.#frames.rejected,
    };
  }

  /**
   * Runs until the source ends or the signal aborts; ends open events either way.
   *
   * @throws {CaptureError} when the source fails.
   * @throws {ModelError} when inference fails.
   */
  async run(signal: AbortSignal): Promise<void> {
    let reason: EndReason | null = "interrupted";
    try {
      await (this.#capture.live ? this.#runLive(signal) : this.#runFast(signal));
      // A file ends by itself, a device only by failing.
      reason = this.#device ? "source_lost" : null;
    } catch (error) {
      if (error instanceof CaptureError) reason = "source_lost";
      throw error;
    } finally {
      this.#endAll(signal.aborted ? "stopped" : reason);
      this.#listener.active(new Set());
      this.#frames.clear();
    }
    if (!signal.aborted) checkRecording(this.#capture, this.#config.source);
  }

  async #runLive(signal: AbortSignal): Promise<void> {
    const stop = () => this.#wake.notify();
    signal.addEventListener("abort", stop);
    const reader = this.#liveReader();
    const reading = reader.run();
    try {
      while (!signal.aborted && reader.failure === undefined && !this.#exhausted(reader)) {
        await this.#wake.sleep(TICK_MS);
        await this.#hop(this.#audio.end, reader.frames ? this.#framesKnownUntil() : Infinity);
        reader.hopDone();
        this.#endByClock();
        if (this.#device) this.#arrivals.requireAlive();
      }
      if (!signal.aborted && reader.failure === undefined) await this.#flush(signal);
    } finally {
      signal.removeEventListener("abort", stop);
      reader.stop();
      await reading;
      await this.#capture[Symbol.asyncDispose]();
    }
    if (reader.failure !== undefined && !signal.aborted) throw reader.failure;
  }

  #liveReader(): LiveReader {
    const reader = new LiveReader({
      capture: this.#capture,
      frameRate: this.#config.source.frame_rate,
      keepFrame: (frame) => this.#keepFrame(frame),
      keepChunk: (chunk) => this.#keepChunk(chunk),
      dueNs: () => this.#rolling.due && this.#audio.timeNs(this.#rolling.due),
      endNs: () => this.#audio.endNs,
      nowNs: () => this.#clock.nowNs,
      onTaken: () => {
        this.#telemetry?.pictures();
        this.#encodeAhead(reader);
      },
      onNews: () => this.#wake.notify(),
    });
    return reader;
  }

  /** Begins to encode frames before their hop, one after the other. */
  async #encodeAhead(reader: LiveReader): Promise<void> {
    while (reader.running) {
      const begun = this.#rolling.ahead(reader.frames ? this.#framesKnownUntil() : Infinity);
      if (!begun) return;
      await begun;
    }
  }

  async #runFast(signal: AbortSignal): Promise<void> {
    this.#telemetry?.pictures();
    const reader = new FastReader({
      capture: this.#capture,
      keepFrame: (frame) => {
        this.#keepFrame(frame);
        this.#telemetry?.pictures();
      },
      keepChunk: (chunk) => this.#keepChunk(chunk),
    });
    await reader.frame();
    await reader.chunk();
    while (!signal.aborted) {
      await this.#listener.room(signal);
      while (reader.audio && this.#audio.end < (this.#rolling.due ?? 0)) await reader.chunk();
      const due = this.#rolling.due;
      if (due === undefined || this.#audio.end < due) break;
      while (reader.frames && this.#frames.newestNs < this.#audio.timeNs(due)) {
        await reader.frame();
      }
      await this.#hop(due, reader.frames ? this.#frames.newestNs : Infinity);
    }
    while (reader.frames && !signal.aborted) await reader.frame();
    if (!signal.aborted) await this.#flush(signal);
  }

  #keepFrame(frame: Frame): void {
    const told = this.#telemetry?.frame(frame);
    const { rejected } = this.#frames;
    if (frame.release && !told) {
      this.#frames.hold(frame);
    } else {
      this.#frames.write(frame.data, frame.ptsNs);
      // A listener may keep it.
      if (!told) this.#capture.recycle?.(frame);
    }
    if (this.#frames.rejected === rejected) this.#arrivals.came("frames");
  }

  #keepChunk(chunk: AudioChunk): void {
    this.#telemetry?.audio(chunk);
    this.#audio.write(chunk.samples, chunk.ptsNs);
    this.#arrivals.came("audio");
  }

  /** Whether one stream has ended and the other is past that time: nothing more can be grounded. */
  #exhausted(flow: { readonly frames: boolean; readonly audio: boolean }): boolean {
    const { newestNs } = this.#frames;
    if (!flow.audio) return !flow.frames || newestNs > this.#audio.endNs + STALLED * 1e9;
    return !flow.frames && this.#audio.endNs > newestNs + STALLED * 1e9;
  }

  /** Time up to which no further frame is expected; unlimited when the camera has stalled. */
  #framesKnownUntil(): number {
    return this.#arrivals.silentFor("frames") > STALLED ? Infinity : this.#frames.newestNs;
  }

  /** Ends events by the clock if the microphone has stalled and no hop can end them. */
  #endByClock(): void {
    const silent = this.#arrivals.silentFor("audio");
    if (silent < STALLED || !this.#detector) return;
    this.#report(this.#detector.advance(this.#audio.endNs + silent * 1e9, "source_lost"));
    this.#listener.active(this.#detector.active());
  }

  async #hop(now: number, framesKnownUntilNs: number): Promise<void> {
    const detector = this.#ready();
    if (!detector) return;
    this.#prepare();
    const beganMs = performance.now();
    const onStep = (step: Step) => this.#report(detector.step(step));
    const hop = await this.#rolling.hop(now, framesKnownUntilNs, onStep);
    if (hop) this.#take(hop, detector, performance.now() - beganMs);
  }

  async #flush(signal: AbortSignal): Promise<void> {
    const detector = this.#ready();
    if (!detector) return;
    const onStep = (step: Step) => {
      if (!signal.aborted) this.#report(detector.step(step));
    };
    this.#prepare();
    let beganMs = performance.now();
    for await (const hop of this.#rolling.flush(onStep)) {
      // Silent hops wait for nothing: the signal needs a turn of the event loop.
      await setImmediate();
      if (signal.aborted) return;
      this.#take(hop, detector, performance.now() - beganMs);
      this.#prepare();
      beganMs = performance.now();
    }
  }

  /** Follows the wall clock and the listeners; call before the steps of a hop. */
  #prepare(): void {
    const seconds = this.#clock.follow();
    if (seconds !== 0) this.#listener.clockSet(seconds);
    // A listener sees every step, also those that cannot take part in an event.
    this.#rolling.rules = this.#telemetry?.beforeSteps(this.#skipRules) ?? this.#skipRules;
    this.#rolling.onFrame = this.#telemetry?.onFrame;
  }

  #take(hop: Hop, detector: Detector, tookMs: number): void {
    this.#report(detector.advance(hop.finalNs));
    this.#frames.forget(hop.finalNs - this.#lookBackNs());
    this.#listener.active(detector.active());
    this.#telemetry?.hop(hop, tookMs, {
      ...this.#rolling.stats(),
      missingSamples: this.#audio.missing,
    });
  }

  /** How long before the next step a detection can be, ns: events end after their merge gap. */
  #lookBackNs(): number {
    const { sound, speech } = this.#config.detect;
    return 1e9 * (Math.max(sound.merge_gap, speech.merge_gap) + LOOK_BACK);
  }

  #report(detections: readonly Detection[]): void {
    for (const detection of detections) {
      const { atNs } = detection;
      // A file read as fast as possible runs ahead of its own time.
      const latencyMs = this.#capture.live
        ? (this.#clock.nowNs - atNs) / 1e6
        : this.#arrivals.silentFor("audio") * 1000;
      const frame = this.#frames.nearest(atNs);
      this.#listener.detected(detection, frame, this.#fit!, latencyMs);
    }
  }

  #endAll(reason: EndReason | null): void {
    if (this.#detector) this.#report(this.#detector.end(reason));
  }

  /** The detector; made once the geometry of the source picture is known, and again when it changes. */
  #ready(): Detector | undefined {
    const fit = this.#capture.geometry;
    if (!fit || (this.#fit && isDeepStrictEqual(fit, this.#fit))) return this.#detector;
    this.#endAll("interrupted");
    this.#fit = fit;
    const { manifest } = this.#engine;
    const { grid } = manifest.image;
    this.#detector = new Detector(this.#config.detect, this.#config.camera, {
      pipeline: this.#config.name,
      model: `${manifest.name}@${manifest.version}`,
      heads: manifest.heads,
      gridWidth: grid.width,
      gridHeight: grid.height,
      stepSeconds: 1 / manifest.audio.feature_rate,
      fit,
      epochNs: (runningNs) => this.#clock.epochNs(runningNs),
      label: this.#label,
    });
    this.#rolling.margin = this.#detector.margin();
    this.#telemetry?.describe(this.#detector, fit);
    return this.#detector;
  }
}
