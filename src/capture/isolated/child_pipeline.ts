import type { PictureSize } from "../../core/fit_geometry.ts";
import { maskSecrets } from "../../core/secrets.ts";
import { CaptureError } from "../capture_error.ts";
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
/** Time for the start of the process itself and for building the pipeline, ms; it has limits of its own, in case it hangs. */
const PROCESS_MS = 45_000;

/** How a child process reaches GStreamer. */
export interface ChildBinding {
  /** The program and its arguments. */
  readonly command: readonly [string, ...string[]];
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
  readonly #translate: ChildBinding["translate"];
  readonly #depth: Readonly<Record<Channel, number>>;
  readonly #live: boolean;
  readonly #reading: Promise<void>;
  readonly #messages: BusMessage[] = [];
  #started: { epochZeroNs: bigint; durationNs: number | undefined } | undefined;
  #failure: CaptureError | undefined;
  #picture: PictureSize | undefined;
  #using: string | undefined;
  #stopping = false;

  /**
   * Starts the process.
   *
   * @throws {CaptureError} when no process can be started.
   */
  constructor(plan: CapturePlan, { command, translate }: ChildBinding) {
    const process = this.#process = new CaptureProcess(command);
    this.#translate = translate;
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
    this.#reading = this.#read();
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
    const deadlineMs = performance.now() + timeoutMs + starvedAfterMs + PROCESS_MS;
    while (this.#started === undefined) {
      await nextTick(LOOK_MS);
      check();
      if (this.#failure !== undefined) throw this.#failure;
      if (performance.now() > deadlineMs) {
        this.#process.kill();
        throw new CaptureError(
          `Cannot capture from ${plan.video.label}: its process does not respond`,
          plan.video.path,
        );
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

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#process.stop();
    await this.#reading;
  }

  async #read(): Promise<void> {
    const reader = new MessageReader();
    for await (const bytes of this.#process.output) {
      for (const message of reader.read(bytes)) this.#receive(message);
    }
    const text = await this.#process.ended();
    // It ends only when told to: anything else is a crash.
    if (this.#stopping || this.#failure !== undefined) return;
    this.#messages.push({ kind: "error", element: "capture process", text, detail: "" });
  }

  #receive(message: Message): void {
    const translated = this.#translate(message);
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
