import { setImmediate } from "node:timers/promises";
import type { FitGeometry } from "../core/fit_geometry.ts";
import { fitGeometry } from "../core/fit_geometry.ts";
import { maskSecrets } from "../core/secrets.ts";
import { AudioTimeline } from "./audio_timeline.ts";
import { cannot, CaptureError } from "./capture_error.ts";
import { faultOf } from "./capture_faults.ts";
import type { CapturePipeline, Sample, SampleSink } from "./capture_pipeline.ts";
import { Coverage, type Damage } from "./coverage.ts";
import { HardwareBlame } from "./hardware_blame.ts";
import { LateFrame } from "./late_frame.ts";
import type {
  Arrivals,
  AudioChunk,
  Capture,
  CaptureNotice,
  CaptureStats,
  Frame,
  Picture,
  PictureBranch,
} from "./media.ts";
import { nextTick } from "./next_tick.ts";
import { packRows } from "./pack_rows.ts";
import type { CapturePlan } from "./plan.ts";
import { type SilenceLimits, StallDetector } from "./stall_detector.ts";
import { SignalJudge } from "./signal_judge.ts";
import type { Stream } from "./source.ts";
import { Watchdog } from "./watchdog.ts";

/** Pause between two reads of a stream that has no data, ms. */
const POLL_MS = { live: 10, fast: 1 } as const;
/** Buffers read in a row before other tasks run. */
const IN_ROW = 8;
/** Interval of the check for messages and starved streams, ms. */
const LOOK_MS = 100;
/** Frames closer together than this share of the frame period are skipped: `videorate` catches up after a gap. */
const NEAREST_FRAMES = 0.49;

/** A capture by a GStreamer pipeline; {@linkcode start} it first. */
export class GstCapture implements Capture {
  readonly live: boolean;
  readonly pictures?: PictureBranch;
  #onNotice: ((notice: CaptureNotice) => void) | undefined;
  #warning: string | undefined;
  readonly #plan: CapturePlan;
  readonly #pipeline: CapturePipeline;
  readonly #limits: SilenceLimits;
  readonly #abort = () => void this[Symbol.asyncDispose]();
  readonly #timeline: AudioTimeline;
  readonly #coverage: Coverage;
  readonly #judge: SignalJudge;
  readonly #blame: HardwareBlame;
  readonly #ended = { video: false, audio: false };
  #signal: AbortSignal | undefined;
  #watchdogs: Watchdog[] = [];
  #stalls: StallDetector | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #closing: Promise<void> | undefined;
  #fault: CaptureError | undefined;
  #epochZeroNs = 0n;
  #durationNs: number | undefined;
  #geometry: FitGeometry | undefined;
  #frames = 0;
  #samples = 0;
  #lastFrameNs = -Infinity;
  #audioEndNs = 0;
  /** Running time at which the first recorded stream ended; generated streams end there too. */
  #endNs = Infinity;

  /** @param warning the first notice. */
  constructor(
    pipeline: CapturePipeline,
    plan: CapturePlan,
    limits: SilenceLimits,
    warning?: string,
  ) {
    this.#warning = warning;
    this.#pipeline = pipeline;
    this.#plan = plan;
    this.live = plan.live;
    if (plan.pictures) {
      this.pictures = {
        encode: (on) => this.#closing ?? this.#pipeline.encodePictures(on),
        take: () => this.#takePictures(),
      };
    }
    this.#limits = limits;
    this.#blame = new HardwareBlame(plan, pipeline);
    this.#timeline = new AudioTimeline(plan.sampleRate);
    this.#judge = new SignalJudge(plan, (notice) => this.#notify(notice));
    this.#coverage = new Coverage(
      (["video", "audio"] as const).filter((stream) => plan[stream].endless === "no"),
      plan.frameRate,
    );
  }

  get onNotice(): ((notice: CaptureNotice) => void) | undefined {
    return this.#onNotice;
  }

  set onNotice(listener: ((notice: CaptureNotice) => void) | undefined) {
    this.#onNotice = listener;
    if (listener === undefined || this.#warning === undefined) return;
    listener({ kind: "warning", message: this.#warning });
    this.#warning = undefined;
  }

  get epochZeroNs(): bigint {
    return this.#epochZeroNs;
  }

  get durationNs(): number | undefined {
    return this.#durationNs;
  }

  get level(): number | undefined {
    return this.#judge.level;
  }

  get geometry(): FitGeometry | undefined {
    return this.#geometry;
  }

  /** The hardware element that may have caused the failure; if no element reported one, a decoder in use. */
  get blamed(): string | undefined {
    return this.#fault === undefined ? this.#blame.inUse : this.#blame.blamed;
  }

  /** Waits for the first data of both streams; a device without data is reported as starved instead. */
  async start(timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    const began = performance.now();
    const { starvedAfterMs, stalledAfterMs } = this.#limits;
    const pipeline = this.#pipeline;
    const check = () => {
      signal?.throwIfAborted();
      this.#readBus();
      if (this.#fault) throw this.#fault;
    };
    await pipeline.start(this.#plan, {
      timeoutMs,
      starvedAfterMs,
      check,
    });
    this.#epochZeroNs = pipeline.epochZeroNs();
    this.#durationNs = pipeline.durationNs();
    const dog = (stream: Stream, sink: SampleSink) =>
      new Watchdog(stream, sink, this.live, starvedAfterMs, began);
    this.#watchdogs = [dog("video", pipeline.frames), dog("audio", pipeline.samples)];
    this.#stalls = new StallDetector(stalledAfterMs - starvedAfterMs, performance.now());
    this.#signal = signal;
    signal?.addEventListener("abort", this.#abort, { once: true });
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  frames(): AsyncGenerator<Frame> {
    return this.#all("video", () => this.#takeFrame());
  }

  audio(): AsyncGenerator<AudioChunk> {
    return this.#all("audio", () => this.#takeChunk());
  }

  take(): Arrivals {
    if (this.live) { for (const sink of this.#sinks()) sink.count(); }
    const frames = [...drained(() => this.#takeFrame())];
    const audio = [...drained(() => this.#takeChunk())];
    return { frames, audio, ended: { frames: this.#ended.video, audio: this.#ended.audio } };
  }

  recycle({ data }: Frame): void {
    const { buffer } = data;
    if (!(buffer instanceof ArrayBuffer) || data.length !== buffer.byteLength) return;
    this.#pipeline.frames.recycle?.(new Uint8Array(buffer));
  }

  stats(): CaptureStats {
    return {
      frames: this.#frames,
      samples: this.#samples,
      droppedFrames: this.#pipeline.frames.dropped,
      droppedAudioBuffers: this.#pipeline.samples.dropped,
      driftSamplesAdded: this.#timeline.added,
      driftSamplesRemoved: this.#timeline.removed,
    };
  }

  damage(): Damage | undefined {
    return this.#coverage.damage(this.#durationNs, this.#fault?.message);
  }

  ends(): Partial<Record<Stream, number>> {
    return this.#coverage.ends();
  }

  [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#signal?.removeEventListener("abort", this.#abort);
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const failed = this.#fault !== undefined || this.#watchdogs.some(({ starved }) => starved);
    const suspect = failed ? this.#blame.inUse : undefined;
    const fate = await this.#pipeline.stop();
    if (fate === undefined) return;
    const { label } = this.#plan.video;
    this.#notify({ kind: "warning", message: `${label} did not close: ${fate}` });
    // A camera that is gone leaves a decoder that closes.
    if (suspect !== undefined) this.#blame.noteHang(suspect);
  }

  async *#all<Item>(stream: Stream, take: () => Item | undefined): AsyncGenerator<Item> {
    const sink = this.#sink(stream);
    for (let inRow = 1;; inRow++) {
      if (this.live && !this.#closing) sink.count();
      const item = take();
      if (item !== undefined) yield item;
      else if (this.#ended[stream]) return;
      else await nextTick(POLL_MS[this.live ? "live" : "fast"]);
      if (inRow % IN_ROW === 0) await setImmediate();
    }
  }

  #takeFrame(): Frame | undefined {
    const { width, height, fit, frameRate } = this.#plan;
    for (let sample; (sample = this.#takeSample("video")) !== undefined;) {
      const picture = this.#pipeline.newPicture();
      if (picture !== undefined) this.#geometry = fitGeometry(picture, fit, width, height);
      const ptsNs = sample.ptsNs ?? NaN;
      if (!(ptsNs >= 0) || ptsNs - this.#lastFrameNs < NEAREST_FRAMES * 1e9 / frameRate) {
        sample.release?.();
        continue;
      }
      this.#lastFrameNs = ptsNs;
      this.#coverage.read("video", ptsNs, ptsNs);
      this.#frames++;
      const frame = sample.release === undefined
        ? { ptsNs, data: packRows(sample.data, width * 3, height) }
        : new LateFrame(ptsNs, sample, () => packRows(sample.data, width * 3, height));
      this.#judge.frame(frame);
      return frame;
    }
    if (this.#ended.video) this.#endOf("video", this.#lastFrameNs);
    return undefined;
  }

  #takeChunk(): AudioChunk | undefined {
    for (let sample; (sample = this.#takeSample("audio")) !== undefined;) {
      const samples = new Float32Array(sample.data.buffer, 0, sample.data.length >> 2);
      const chunk = this.#timeline.place(sample.ptsNs ?? this.#audioEndNs, samples);
      if (chunk === undefined) continue;
      this.#audioEndNs = chunk.ptsNs + chunk.samples.length * 1e9 / this.#plan.sampleRate;
      this.#coverage.read("audio", chunk.ptsNs, this.#audioEndNs);
      this.#samples += chunk.samples.length;
      this.#judge.samples(chunk.samples);
      return chunk;
    }
    if (this.#ended.audio) this.#endOf("audio", this.#audioEndNs);
    return undefined;
  }

  #takePictures(): Picture[] {
    const sink = this.#closing ? undefined : this.#pipeline.pictures;
    if (sink === undefined) return [];
    return [...drained(() => sink.take())].flatMap(({ ptsNs, data }) =>
      ptsNs === undefined || ptsNs < 0 ? [] : [{ ptsNs, jpeg: data }]
    );
  }

  /** The next buffer of a stream; undefined when none has arrived and at the end, which it records. */
  #takeSample(stream: Stream): Sample | undefined {
    if (this.#closing) this.#ended[stream] = true;
    if (this.#ended[stream]) return undefined;
    if (this.#fault && !this.#endsOnFault()) throw this.#fault;
    const plan = this.#plan[stream];
    const sink = this.#sink(stream);
    const sample = sink.take();
    if (sample !== undefined) {
      if (plan.endless !== "generated" || (sample.ptsNs ?? 0) < this.#endNs) return sample;
    } else if (!this.#fault && !sink.ended) {
      return undefined;
    }
    this.#readBus();
    if (sample === undefined && plan.endless === "device") {
      this.#fault ??= cannot(plan, "the stream ended");
    }
    if (this.#fault && !this.#endsOnFault()) throw this.#fault;
    this.#ended[stream] = true;
    this.#coverage.ended(stream);
    return undefined;
  }

  /** Whether an error counts as the end of the stream: for recordings if the plan tolerates damage. */
  #endsOnFault(): boolean {
    return this.#plan.toleratesDamage && this.#plan.video.endless !== "device" &&
      this.#plan.audio.endless !== "device";
  }

  #endOf(stream: Stream, endNs: number): void {
    if (this.#plan[stream].endless === "no") this.#endNs = Math.min(this.#endNs, endNs);
  }

  #sink(stream: Stream): SampleSink {
    return stream === "video" ? this.#pipeline.frames : this.#pipeline.samples;
  }

  #sinks(): SampleSink[] {
    return this.#closing ? [] : [this.#pipeline.frames, this.#pipeline.samples];
  }

  #look(): void {
    if (this.#closing) return;
    this.#readBus();
    const now = performance.now();
    for (const dog of this.#watchdogs) {
      const notice = dog.look(now);
      if (notice !== undefined) this.#notify(notice);
    }
    const devices = this.#watchdogs.filter(({ stream }) => this.#plan[stream].endless === "device");
    const silent = devices.length > 0 && devices.every(({ starved }) => starved);
    if (!this.#stalls?.look(now, silent)) return;
    const reason = `no data for ${this.#limits.stalledAfterMs / 1000} s`;
    this.#fault ??= cannot(this.#plan[devices[0].stream], reason);
  }

  #readBus(): void {
    for (const message of this.#pipeline.bus.take()) {
      const fault = faultOf(message, this.#plan);
      if (fault !== undefined) {
        if (this.#fault === undefined) this.#blame.noteFirst(message);
        // Before the start, the opener tries whether software decodes it.
        if (this.#timer !== undefined) this.#blame.noteError(message, fault);
        this.#fault ??= fault;
      }
      if (fault === undefined && message.kind === "warning") {
        this.#notify({
          kind: "warning",
          message: maskSecrets(`${message.element}: ${message.text}`),
        });
      }
    }
  }

  #notify(notice: CaptureNotice): void {
    this.onNotice?.(notice);
  }
}

/** Items from `take` until it returns undefined. */
function* drained<Item>(take: () => Item | undefined): Generator<Item> {
  for (let item; (item = take()) !== undefined;) yield item;
}
