import { CaptureError } from "./capture_error.ts";
import { AudioTimeline } from "./audio_timeline.ts";
import { cannot, faultOf } from "./capture_faults.ts";
import type { AppSink, Sample } from "./app_sink.ts";
import { fitGeometry } from "../core/fit_geometry.ts";
import { GstPipeline, type Progress } from "./gst_pipeline.ts";
import { requireElements } from "./inspect.ts";
import type { AudioChunk, Capture, CaptureNotice, CaptureStats, Frame } from "./media.ts";
import type { FitGeometry } from "../core/fit_geometry.ts";
import type { CapturePlan, StreamPlan } from "./plan.ts";
import { packRows } from "./pack_rows.ts";
import { maskSecrets } from "../core/secrets.ts";
import { Watchdog } from "./watchdog.ts";

const PULL_MS = 200;
const LOOK_MS = 100;
/** Frames nearer to each other than this share of the wanted period are left out: `videorate` catches up after a gap. */
const NEAREST_FRAMES = 0.49;

/** How a capture is opened. */
export interface CaptureOptions {
  /** Ends the capture: its streams end as if the source had ended. */
  readonly signal?: AbortSignal;
  /** A stream that brings nothing for so long is reported as starved; ms. */
  readonly starvedAfterMs?: number;
  /** How long a file may take to bring its first picture and sound; ms. */
  readonly openTimeoutMs?: number;
}

/**
 * Starts a source.
 *
 * Both streams must be read: with `pace: fast` the one that nobody reads holds the other up.
 *
 * @throws {CaptureError} when the source cannot be opened.
 * @example
 * ```ts
 * const plan = planCapture(config.source, { width: 224, height: 224, sampleRate: 16000, folder: "." });
 * await using capture = await openCapture(plan, { signal });
 * for await (const frame of capture.frames()) console.log(frame.ptsNs);
 * ```
 */
export async function openCapture(
  plan: CapturePlan,
  options: CaptureOptions = {},
): Promise<Capture> {
  const { signal, starvedAfterMs = 2000, openTimeoutMs = 10_000 } = options;
  signal?.throwIfAborted();
  await requireElements(plan.elements);
  const pipeline = await GstPipeline.build(plan);
  const capture = new GstCapture(pipeline, plan, starvedAfterMs);
  try {
    await capture.start(openTimeoutMs, signal);
  } catch (error) {
    await capture[Symbol.asyncDispose]();
    throw error;
  }
  return capture;
}

class GstCapture implements Capture {
  readonly live: boolean;
  onNotice: ((notice: CaptureNotice) => void) | undefined;
  readonly #plan: CapturePlan;
  readonly #pipeline: GstPipeline;
  readonly #starvedAfterMs: number;
  readonly #abort = () => void this[Symbol.asyncDispose]();
  #signal: AbortSignal | undefined;
  #watchdogs: Watchdog[] = [];
  #timer: ReturnType<typeof setInterval> | undefined;
  #closing: Promise<void> | undefined;
  #fault: CaptureError | undefined;
  #epochZeroNs = 0n;
  #geometry: FitGeometry | undefined;
  #frames = 0;
  #samples = 0;
  /** Running time at which the stream that has an end ended. */
  #endNs = Infinity;

  constructor(pipeline: GstPipeline, plan: CapturePlan, starvedAfterMs: number) {
    this.#pipeline = pipeline;
    this.#plan = plan;
    this.live = plan.live;
    this.#starvedAfterMs = starvedAfterMs;
  }

  get epochZeroNs(): bigint {
    return this.#epochZeroNs;
  }

  get geometry(): FitGeometry | undefined {
    return this.#geometry;
  }

  /** Waits for what is asked to come, and for what comes by itself until it would be called starved. */
  async start(timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    const began = performance.now();
    const nature = await this.#pipeline.play();
    const going = nature === "live"
      ? await this.#await(began + this.#starvedAfterMs, signal, () => this.#flowing())
      : nature === "asked"
      ? await this.#await(began + timeoutMs, signal, () => this.#pipeline.settle(LOOK_MS))
      : "failed";
    // The word on what failed may come after the failure itself.
    if (going === "failed") {
      await this.#await(performance.now() + 1000, signal, () => this.#flowing());
    }
    if (going === "failed") throw cannot(this.#plan.video, "it does not start");
    if (going === "going" && nature === "asked") {
      const seconds = timeoutMs / 1000;
      throw cannot(this.#plan.video, `picture and sound did not both come within ${seconds} s`);
    }
    this.#epochZeroNs = this.#pipeline.epochZeroNs();
    const dog = (stream: "video" | "audio", sink: AppSink) =>
      new Watchdog(stream, sink, this.live, this.#starvedAfterMs, began);
    this.#watchdogs = [dog("video", this.#pipeline.frames), dog("audio", this.#pipeline.samples)];
    this.#signal = signal;
    signal?.addEventListener("abort", this.#abort, { once: true });
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  async *frames(): AsyncGenerator<Frame> {
    const { width, height, fit, frameRate, video } = this.#plan;
    const nearestNs = NEAREST_FRAMES * 1e9 / frameRate;
    let lastNs = -Infinity;
    for await (const sample of this.#stream(this.#pipeline.frames, video)) {
      const picture = this.#pipeline.newPicture();
      if (picture !== undefined) this.#geometry = fitGeometry(picture, fit, width, height);
      const ptsNs = sample.ptsNs ?? NaN;
      if (!(ptsNs >= 0) || ptsNs - lastNs < nearestNs) continue;
      lastNs = ptsNs;
      this.#frames++;
      yield { ptsNs, data: packRows(sample.data, width * 3, height) };
    }
    this.#ended(video, lastNs);
  }

  async *audio(): AsyncGenerator<AudioChunk> {
    const { audio, sampleRate } = this.#plan;
    const timeline = new AudioTimeline(sampleRate);
    let endNs = 0;
    for await (const sample of this.#stream(this.#pipeline.samples, audio)) {
      const samples = new Float32Array(sample.data.buffer, 0, sample.data.length >> 2);
      const chunk = timeline.place(sample.ptsNs ?? endNs, samples);
      if (chunk === undefined) continue;
      endNs = chunk.ptsNs + chunk.samples.length * 1e9 / sampleRate;
      this.#samples += chunk.samples.length;
      yield chunk;
    }
    this.#ended(audio, endNs);
  }

  stats(): CaptureStats {
    return {
      frames: this.#frames,
      samples: this.#samples,
      droppedFrames: this.#pipeline.frames.dropped,
      droppedAudioBuffers: this.#pipeline.samples.dropped,
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#signal?.removeEventListener("abort", this.#abort);
    this.#closing ??= this.#pipeline.stop();
    return this.#closing;
  }

  async *#stream(sink: AppSink, stream: StreamPlan): AsyncGenerator<Sample> {
    for (;;) {
      if (this.#closing) return;
      if (this.#fault) throw this.#fault;
      const sample = await sink.pull(PULL_MS);
      if (this.#closing) return;
      if (sample !== undefined) {
        if (stream.endless === "generated" && (sample.ptsNs ?? 0) >= this.#endNs) return;
        yield sample;
      } else if (sink.ended) {
        this.#readBus();
        if (stream.endless === "device") this.#fault ??= cannot(stream, "its stream has ended");
        if (this.#fault) throw this.#fault;
        return;
      }
    }
  }

  #ended(stream: StreamPlan, endNs: number): void {
    if (stream.endless === "no") this.#endNs = Math.min(this.#endNs, endNs);
  }

  /** Asks `progress` until it says that things go one way or the other, or the deadline has passed. */
  async #await(
    deadlineMs: number,
    signal: AbortSignal | undefined,
    progress: () => Promise<Progress>,
  ): Promise<Progress> {
    let state: Progress = "going";
    while (state === "going" && performance.now() < deadlineMs) {
      state = await progress();
      signal?.throwIfAborted();
      this.#readBus();
      if (this.#fault) throw this.#fault;
    }
    return state;
  }

  async #flowing(): Promise<Progress> {
    await new Promise((resolve) => setTimeout(resolve, 20));
    const sinks = [this.#pipeline.frames, this.#pipeline.samples];
    for (const sink of sinks) sink.count();
    return sinks.every((sink) => sink.arrived > 0) ? "playing" : "going";
  }

  #look(): void {
    if (this.#closing) return;
    this.#readBus();
    const now = performance.now();
    for (const dog of this.#watchdogs) {
      const notice = dog.look(now);
      if (notice !== undefined) this.#tell(notice);
    }
  }

  #readBus(): void {
    for (const message of this.#pipeline.bus.take()) {
      const fault = faultOf(message, this.#plan);
      this.#fault ??= fault;
      if (fault === undefined && message.kind === "warning") {
        this.#tell({
          kind: "warning",
          message: maskSecrets(`${message.element}: ${message.text}`),
        });
      }
    }
  }

  #tell(notice: CaptureNotice): void {
    this.onNotice?.(notice);
  }
}
