import type { PictureSize } from "../../core/fit_geometry.ts";
import { CaptureError } from "../capture_error.ts";
import type { BusMessage } from "../bus.ts";
import type { CapturePipeline, StartOptions } from "../capture_pipeline.ts";
import { nextTick } from "../next_tick.ts";
import type { CapturePlan } from "../plan.ts";
import { JPEG_DEPTH, SINK_DEPTH } from "../sink_bin.ts";
import { CaptureProcess } from "./capture_process.ts";
import { type Message, MessageReader } from "./messages.ts";
import { SampleQueue } from "./sample_queue.ts";

/** Interval of the check whether the source has started, ms. */
const LOOK_MS = 5;
/** Time for the start of the process itself and for building the pipeline, ms; it has limits of its own, in case it hangs. */
const PROCESS_MS = 45_000;

/** A pipeline in a child process: if a driver or decoder crashes or hangs, only that process is lost. */
export class ChildPipeline implements CapturePipeline {
  readonly frames: SampleQueue;
  readonly samples: SampleQueue;
  readonly pictures: SampleQueue | undefined;
  readonly bus = { take: () => this.#messages.splice(0) };
  readonly #process: CaptureProcess;
  readonly #reading: Promise<void>;
  readonly #messages: BusMessage[] = [];
  #started: { epochZeroNs: bigint; durationNs: number | undefined } | undefined;
  #failure: CaptureError | undefined;
  #picture: PictureSize | undefined;
  #stopping = false;

  /**
   * Starts the process.
   *
   * @param command the program and its arguments.
   * @throws {CaptureError} when no process can be started.
   */
  constructor(plan: CapturePlan, command: readonly [string, ...string[]]) {
    const process = this.#process = new CaptureProcess(command);
    const queue = (stream: "video" | "audio") =>
      new SampleQueue({
        depth: SINK_DEPTH[stream][plan.live ? "leaky" : "waiting"],
        leaky: plan.live,
        onRoom: (count) => process.request({ kind: "room", stream, count }),
      });
    this.frames = queue("video");
    this.samples = queue("audio");
    if (plan.pictures) this.pictures = new SampleQueue({ depth: JPEG_DEPTH, leaky: true });
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
    this.#process.request({ kind: "open", plan, timeoutMs, starvedAfterMs });
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

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#process.stop();
    await this.#reading;
  }

  async #read(): Promise<void> {
    const reader = new MessageReader();
    for await (const bytes of this.#process.output) {
      for (const message of reader.read(bytes)) this.#take(message);
    }
    const text = await this.#process.ended();
    // It ends only when told to: anything else is a crash.
    if (this.#stopping || this.#failure !== undefined) return;
    this.#messages.push({ kind: "error", element: "capture process", text, detail: "" });
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
        this.#messages.push(message.message);
        return;
      case "started":
        this.#started = {
          epochZeroNs: BigInt(message.epochZeroNs),
          durationNs: message.durationNs,
        };
        return;
      case "failed":
        this.#failure = new CaptureError(message.message, message.path, message.permanent);
    }
  }

  #queue(channel: "video" | "audio" | "pictures"): SampleQueue | undefined {
    return { video: this.frames, audio: this.samples, pictures: this.pictures }[channel];
  }
}
