import type { PictureSize } from "../../core/fit_geometry.ts";
import { maskSecrets } from "../../core/secrets.ts";
import { within } from "../../core/within.ts";
import { cannot, CaptureError } from "../capture_error.ts";
import type { BusMessage } from "../bus.ts";
import type { CapturePipeline, StartOptions } from "../capture_pipeline.ts";
import { nextTick } from "../next_tick.ts";
import type { CapturePlan } from "../plan.ts";
import { JPEG_DEPTH, SINK_DEPTH } from "../sink_bin.ts";
import { CaptureProcess } from "./capture_process.ts";
import { type Channel, type Message, MessageReader } from "./messages.ts";
import { SampleQueue } from "./sample_queue.ts";

/** Interval of the check whether the source has started, ms. */
const LOOK_MS = 5;
/** Time to read what a process sent before it ended, ms. A process that it started may keep the pipe open. */
const REST_MS = 1_000;
const INVALID = "its process sent invalid data";
/** Signals of faults in native code; others end a process from outside. */
const CRASH = /^killed by SIG(SEGV|BUS|ABRT|ILL|FPE|TRAP)$/;

/** How a child process reaches GStreamer. */
export interface ChildBinding {
  /** The program and its arguments. */
  readonly command: readonly [string, ...string[]];
  /** Time that it may take in addition to the limits that it is given, ms; it is killed after that. */
  readonly graceMs: number;
  /** Translates its messages; gives nothing for those that no reader needs. */
  readonly translate: (message: Message) => Message | undefined;
}

/** A pipeline in a child process: if a driver or decoder crashes or hangs, only that process is lost. */
export class ChildPipeline implements CapturePipeline {
  readonly frames: SampleQueue;
  readonly samples: SampleQueue;
  readonly pictures: SampleQueue | undefined;
  readonly bus = { take: () => this.#messages.splice(0) };
  readonly #process: CaptureProcess;
  readonly #binding: ChildBinding;
  readonly #depth: Readonly<Record<Channel, number>>;
  readonly #live: boolean;
  readonly #output: ReadableStreamDefaultReader<Uint8Array>;
  readonly #reading: Promise<void>;
  readonly #messages: BusMessage[] = [];
  #started: { epochZeroNs: bigint; durationNs: number | undefined } | undefined;
  #failure: CaptureError | undefined;
  #picture: PictureSize | undefined;
  #using: string | undefined;
  #crashed = false;
  #stopping = false;

  /**
   * Starts the process.
   *
   * @throws {CaptureError} when no process can be started.
   */
  constructor(plan: CapturePlan, binding: ChildBinding) {
    const process = this.#process = new CaptureProcess(binding.command);
    this.#binding = binding;
    const depth = plan.live ? "leaky" : "waiting";
    this.#depth = {
      video: SINK_DEPTH.video[depth],
      audio: SINK_DEPTH.audio[depth],
      pictures: JPEG_DEPTH,
    };
    this.#live = plan.live;
    const queue = (stream: "video" | "audio") =>
      new SampleQueue({
        depth: this.#depth[stream],
        leaky: plan.live,
        onRoom: (count) => process.request({ kind: "room", stream, count }),
      });
    this.frames = queue("video");
    this.samples = queue("audio");
    if (plan.pictures) {
      this.pictures = new SampleQueue({ depth: this.#depth.pictures, leaky: true });
    }
    this.#output = process.output.getReader();
    this.#reading = this.#read();
  }

  get crashed(): boolean {
    return this.#crashed;
  }

  /** ID of the process. */
  get pid(): number {
    return this.#process.pid;
  }

  async start(
    plan: CapturePlan,
    { timeoutMs, starvedAfterMs, check }: StartOptions,
  ): Promise<void> {
    this.#process.request({
      kind: "open",
      plan,
      timeoutMs,
      starvedAfterMs,
      depth: this.#depth,
      room: this.#live ? undefined : this.#depth,
    });
    const deadlineMs = performance.now() + timeoutMs + starvedAfterMs + this.#binding.graceMs;
    while (this.#started === undefined) {
      await nextTick(LOOK_MS);
      check();
      if (this.#failure !== undefined) throw this.#failure;
      if (performance.now() > deadlineMs) {
        this.#crashed = true;
        this.#process.kill();
        throw cannot(plan.video, "its process does not respond");
      }
    }
  }

  encodePictures(on: boolean): void {
    this.#process.request({ kind: "encode", on });
  }

  durationNs(): number | undefined {
    return this.#started?.durationNs;
  }

  epochZeroNs(): bigint {
    return this.#started?.epochZeroNs ?? 0n;
  }

  newPicture(): PictureSize | undefined {
    const picture = this.#picture;
    this.#picture = undefined;
    return picture;
  }

  using(factories: readonly string[]): string | undefined {
    return factories.find((factory) => factory === this.#using);
  }

  async stop(): Promise<string | undefined> {
    this.#stopping = true;
    const hangs = await this.#process.stop();
    await within(REST_MS, this.#reading);
    await this.#output.cancel();
    await this.#reading;
    return hangs ? "its process was ended" : undefined;
  }

  /** Reads messages until the process ends. Never rejects: nothing waits for it before {@linkcode stop}. */
  async #read(): Promise<void> {
    const text = await this.#readMessages() ? await this.#process.ended() : INVALID;
    // It ends only when told to: anything else is a crash.
    if (this.#stopping || this.#failure !== undefined) return;
    this.#crashed ||= text === INVALID || CRASH.test(text);
    this.#messages.push({
      kind: "error",
      element: "capture process",
      text,
      detail: "",
      factory: this.#crashed ? this.#using : undefined,
    });
  }

  /** Returns whether all messages were valid; kills the process at the first that is not. */
  async #readMessages(): Promise<boolean> {
    const reader = new MessageReader();
    try {
      for (;;) {
        const { value, done } = await this.#output.read();
        if (done) return true;
        for (const message of reader.read(value)) this.#receive(message);
      }
    } catch {
      // A crash can damage what the process sends.
      this.#process.kill();
      return false;
    }
  }

  #receive(message: Message): void {
    const translated = this.#binding.translate(message);
    if (translated !== undefined) return this.#take(translated);
    // What is not queued takes no room.
    if (message.kind !== "sample" || message.to === "pictures" || this.#live) return;
    this.#process.request({ kind: "room", stream: message.to, count: 1 });
  }

  #take(message: Message): void {
    switch (message.kind) {
      case "sample":
        return this.#queue(message.to)?.push(message.sample);
      case "ended":
        return this.#queue(message.stream)?.end();
      case "dropped":
        this.frames.droppedBefore(message.video);
        return this.samples.droppedBefore(message.audio);
      case "picture":
        this.#picture = message.size;
        return;
      case "bus":
        this.#using = message.using ?? this.#using;
        this.#messages.push(message.message);
        return;
      case "started":
        this.#using = message.using ?? this.#using;
        this.#started = {
          epochZeroNs: BigInt(message.epochZeroNs),
          durationNs: message.durationNs,
        };
        return;
      case "failed":
        this.#using = message.using ?? this.#using;
        this.#failure = new CaptureError(
          maskSecrets(message.message),
          message.path,
          message.permanent,
        );
    }
  }

  #queue(channel: Channel): SampleQueue | undefined {
    return { video: this.frames, audio: this.samples, pictures: this.pictures }[channel];
  }
}
