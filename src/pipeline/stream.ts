import type { HeadKind } from "../core/head_kind.ts";
import type { AudioChunk, Capture, Frame } from "../capture/media.ts";
import { isDeepStrictEqual } from "node:util";
import { CaptureError } from "../capture/capture_error.ts";
import type { FitGeometry } from "../core/fit_geometry.ts";
import type { EndReason } from "../events/event.ts";
import type { PipelineConfig } from "./schema.ts";
import { type Detection, Detector } from "../detection/detector.ts";
import { skipRules } from "../detection/skip_rules.ts";
import type { Hop, Step } from "../grounding/grounded_step.ts";
import { RollingGrounding } from "../grounding/rolling.ts";
import { AudioRing } from "../ring/audio_ring.ts";
import { FrameRing, type HeldFrame } from "../ring/frame_ring.ts";
import { CaptureClock } from "./capture_clock.ts";
import { DeliveryDelay } from "./delivery_delay.ts";
import type { Engine } from "./engine.ts";
import { Wake } from "./wake.ts";

/** Sound and pictures kept beyond what a hop needs, s: covers the largest buffer that a decoder gives at once. */
const SLACK = 4;
/** A live stream that brings nothing for this long has stalled, s; what waits for it goes on without. */
const STALLED = 1;
/** A device that brings nothing usable for this long is given up, s. */
const DEAD = 30;
/** Longest sleep of the live loop, ms: events end by the clock this often. */
const TICK_MS = 100;

/** Pause between two looks for the first sound, ms. */
const FIRST_LOOK_MS = 20;
/** Pause between two looks for sound that is due, ms: by so much a hop may be late. */
const SHORTEST_LOOK_MS = 2;
/** Sound that is late by more than this is no longer looked for that often, ms. */
const OVERDUE_MS = 500;
/** Frames that a source may bring between two looks: half of what it keeps. */
const FRAMES_A_LOOK = 4;

interface Flow {
  frames: boolean;
  audio: boolean;
  failure: unknown;
}

/** Who hears of what a stream finds. */
export interface StreamListener {
  /**
   * @param frame the frame nearest to what the message rests on.
   * @param latencyMs from the capture of what the message rests on to now.
   */
  detected(
    detection: Detection,
    frame: HeldFrame | undefined,
    fit: FitGeometry,
    latencyMs: number,
  ): void;
  /** Kinds with an event under way, after each hop and whenever it may have changed. */
  active(kinds: ReadonlySet<HeadKind>): void;
  /** The wall clock was set. */
  clockSet(seconds: number): void;
}

/** One life of a source: from its first sample to its end, its failure or an abort. */
export class SourceStream {
  readonly #capture: Capture;
  readonly #engine: Engine;
  readonly #config: PipelineConfig;
  readonly #listener: StreamListener;
  readonly #clock: CaptureClock;
  readonly #audio: AudioRing;
  readonly #frames: FrameRing;
  readonly #rolling: RollingGrounding;
  readonly #wake = new Wake();
  readonly #look = new Wake();
  readonly #delay = new DeliveryDelay();
  #soughtMs: number | undefined;
  #foundDue: number | undefined;
  readonly #device: boolean;
  readonly #cameMs = { frames: performance.now(), audio: performance.now() };
  #detector: Detector | undefined;
  #fit: FitGeometry | undefined;

  /** @param device whether the source only ends by failing; one that stays silent for 30 s has failed too. */
  constructor(
    capture: Capture,
    engine: Engine,
    config: PipelineConfig,
    listener: StreamListener,
    device = false,
  ) {
    this.#device = device;
    this.#capture = capture;
    this.#engine = engine;
    this.#config = config;
    this.#listener = listener;
    this.#clock = new CaptureClock(capture.epochZeroNs);
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
      { ...config.window, maxFrameDistance: Math.max(1, 1.5 / config.source.frame_rate) },
    );
    this.#rolling.rules = skipRules(config.detect, engine.manifest.heads);
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
   * Runs until the source ends or the signal aborts; open events are ended either way.
   *
   * @throws {CaptureError} when the source fails.
   * @throws {ModelError} when inference fails.
   */
  async run(signal: AbortSignal): Promise<void> {
    let reason: EndReason | null = "interrupted";
    try {
      await (this.#capture.live ? this.#runLive(signal) : this.#runFast(signal));
      // A device never ends by itself; a file does, and its last event ends with it.
      reason = this.#device ? "source_lost" : null;
    } catch (error) {
      if (error instanceof CaptureError) reason = "source_lost";
      throw error;
    } finally {
      this.#endAll(signal.aborted ? "stopped" : reason);
      this.#listener.active(new Set());
    }
  }

  async #runLive(signal: AbortSignal): Promise<void> {
    const stop = () => this.#wake.notify();
    signal.addEventListener("abort", stop);
    const flow: Flow = { frames: true, audio: true, failure: undefined };
    const reading = this.#readAll(flow);
    try {
      while (!signal.aborted && flow.failure === undefined && !this.#exhausted(flow)) {
        await this.#wake.sleep(TICK_MS);
        await this.#hop(this.#audio.end, flow.frames ? this.#framesKnownUntil() : Infinity);
        this.#endByClock();
        this.#giveUpDead();
      }
      if (!signal.aborted && flow.failure === undefined) await this.#flush(signal);
    } finally {
      signal.removeEventListener("abort", stop);
      flow.frames = flow.audio = false;
      this.#look.notify();
      await reading;
      await this.#capture[Symbol.asyncDispose]();
    }
    if (flow.failure !== undefined && !signal.aborted) throw flow.failure;
  }

  /** Moves what arrives into the rings, beside the hops: a slow one must not make the source drop data. */
  async #readAll(flow: Flow): Promise<void> {
    try {
      while (flow.frames || flow.audio) {
        const { frames, audio, ended } = this.#capture.take();
        for (const frame of frames) this.#keepFrame(frame);
        for (const chunk of audio) this.#keepChunk(chunk);
        const due = this.#takeNoteOfDue();
        flow.frames &&= !ended.frames;
        flow.audio &&= !ended.audio;
        if (due || !flow.frames || !flow.audio) this.#wake.notify();
        await this.#look.sleep(this.#nextLookMs());
      }
    } catch (error) {
      flow.failure = error;
      this.#wake.notify();
    }
  }

  /** Whether the sound of the next hop is there; learns from it when to look for the next one. */
  #takeNoteOfDue(): boolean {
    const { due } = this.#rolling;
    if (due === undefined) return false;
    const now = performance.now();
    const { end } = this.#audio;
    if (end < due) {
      if (this.#untilDueMs(due) <= 0) this.#soughtMs ??= now;
      return false;
    }
    if (this.#foundDue !== due) this.#delay.found(now - (this.#soughtMs ?? now));
    this.#foundDue = due;
    this.#soughtMs = undefined;
    return true;
  }

  /** Time until sound can be read, as far as can be told; negative when it is late. */
  #untilDueMs(due: number): number {
    return (this.#audio.timeNs(due) - this.#clock.nowNs) / 1e6 + this.#delay.ms;
  }

  /** Pause until the sound of the next hop can be read, ms; short enough for the source to drop nothing. */
  #nextLookMs(): number {
    const { due } = this.#rolling;
    if (due === undefined) return FIRST_LOOK_MS;
    const longestMs = Math.min(TICK_MS, FRAMES_A_LOOK * 1000 / this.#config.source.frame_rate);
    const untilMs = this.#untilDueMs(due);
    if (this.#audio.end >= due || untilMs < -OVERDUE_MS) return longestMs;
    return Math.min(Math.max(untilMs, SHORTEST_LOOK_MS), longestMs);
  }

  async #runFast(signal: AbortSignal): Promise<void> {
    const chunks = this.#capture.audio()[Symbol.asyncIterator]();
    const frames = this.#capture.frames()[Symbol.asyncIterator]();
    const pull = async <T>(from: AsyncIterator<T>, write: (item: T) => void) => {
      const next = await from.next();
      if (!next.done) write(next.value);
      return !next.done;
    };
    const pullFrame = () => pull(frames, (frame) => this.#keepFrame(frame));
    const pullChunk = () => pull(chunks, (chunk) => this.#keepChunk(chunk));
    let moreFrames = await pullFrame();
    let moreAudio = await pullChunk();
    while (!signal.aborted) {
      while (moreAudio && this.#audio.end < (this.#rolling.due ?? 0)) moreAudio = await pullChunk();
      const due = this.#rolling.due;
      if (due === undefined || this.#audio.end < due) break;
      while (moreFrames && this.#frames.newestNs < this.#audio.timeNs(due)) {
        moreFrames = await pullFrame();
      }
      await this.#hop(due, moreFrames ? this.#frames.newestNs : Infinity);
    }
    while (moreFrames && !signal.aborted) moreFrames = await pullFrame();
    if (!signal.aborted) await this.#flush(signal);
  }

  #keepFrame(frame: Frame): void {
    const { rejected } = this.#frames;
    this.#frames.write(frame.data, frame.ptsNs);
    if (this.#frames.rejected === rejected) this.#cameMs.frames = performance.now();
  }

  #keepChunk(chunk: AudioChunk): void {
    this.#audio.write(chunk.samples, chunk.ptsNs);
    this.#cameMs.audio = performance.now();
  }

  /** Whether one stream has ended and the other has gone past it: nothing more can be grounded. */
  #exhausted(flow: { readonly frames: boolean; readonly audio: boolean }): boolean {
    const { newestNs } = this.#frames;
    if (!flow.audio) return !flow.frames || newestNs >= this.#audio.endNs;
    return !flow.frames && this.#audio.endNs > newestNs + STALLED * 1e9;
  }

  /** No step waits for a camera that has stalled. */
  #framesKnownUntil(): number {
    return this.#silentFor("frames") > STALLED ? Infinity : this.#frames.newestNs;
  }

  /** Seconds since a stream last brought something usable. */
  #silentFor(stream: "frames" | "audio"): number {
    return (performance.now() - this.#cameMs[stream]) / 1000;
  }

  /** A device that hangs without an error, or whose time stamps have jumped ahead, is only mended by opening it again. */
  #giveUpDead(): void {
    if (!this.#device) return;
    const dead = (["frames", "audio"] as const).find((stream) => this.#silentFor(stream) > DEAD);
    if (dead === undefined) return;
    const what = dead === "frames" ? "video" : "audio";
    throw new CaptureError(`Cannot capture: no ${what} arrives for ${DEAD} s`);
  }

  /** Ends events of a microphone that has stalled: no hop comes that could. */
  #endByClock(): void {
    const silent = this.#silentFor("audio");
    if (silent < STALLED || !this.#detector) return;
    this.#report(this.#detector.advance(this.#audio.endNs + silent * 1e9, "source_lost"));
    this.#listener.active(this.#detector.active());
  }

  async #hop(now: number, framesKnownUntilNs: number): Promise<void> {
    const detector = this.#ready();
    if (!detector) return;
    this.#followClock();
    const onStep = (step: Step) => this.#report(detector.step(step));
    const hop = await this.#rolling.hop(now, framesKnownUntilNs, onStep);
    if (hop) this.#take(hop, detector);
  }

  async #flush(signal: AbortSignal): Promise<void> {
    const detector = this.#ready();
    if (!detector) return;
    const onStep = (step: Step) => {
      if (!signal.aborted) this.#report(detector.step(step));
    };
    for await (const hop of this.#rolling.flush(onStep)) {
      if (signal.aborted) return;
      this.#take(hop, detector);
      this.#followClock();
    }
  }

  #followClock(): void {
    const seconds = this.#clock.follow();
    if (seconds !== 0) this.#listener.clockSet(seconds);
  }

  #take(hop: Hop, detector: Detector): void {
    this.#report(detector.advance(hop.finalNs));
    this.#listener.active(detector.active());
  }

  #report(detections: readonly Detection[]): void {
    for (const detection of detections) {
      const { atNs } = detection;
      // A file read as fast as possible runs ahead of its own time.
      const latencyMs = this.#capture.live
        ? (this.#clock.nowNs - atNs) / 1e6
        : performance.now() - this.#cameMs.audio;
      const frame = this.#frames.nearest(atNs);
      this.#listener.detected(detection, frame, this.#fit!, latencyMs);
    }
  }

  #endAll(reason: EndReason | null): void {
    if (this.#detector) this.#report(this.#detector.end(reason));
  }

  /** The detector; made once the first frame has told the picture's geometry, and anew when that changes. */
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
    });
    this.#rolling.margin = this.#detector.margin();
    return this.#detector;
  }
}
