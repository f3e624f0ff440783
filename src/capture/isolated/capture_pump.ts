import type { AppSink } from "../app_sink.ts";
import type { GstPipeline } from "../gst_pipeline.ts";
import { nextTick } from "../next_tick.ts";
import type { CapturePlan } from "../plan.ts";
import type { Message } from "./messages.ts";

/** Pause between two looks for data, ms. */
const POLL_MS = { live: 10, fast: 1 } as const;

/** Moves what a pipeline delivers into messages, in the order in which the reader needs them. */
export class CapturePump {
  readonly #pipeline: GstPipeline;
  readonly #plan: CapturePlan;
  readonly #room: { video: number; audio: number };
  readonly #ended = { video: false, audio: false };
  #dropped = 0;
  #news = Promise.withResolvers<void>();

  constructor(
    pipeline: GstPipeline,
    plan: CapturePlan,
    room: Readonly<Record<"video" | "audio", number>> = { video: Infinity, audio: Infinity },
  ) {
    this.#pipeline = pipeline;
    this.#plan = plan;
    this.#room = { ...room };
  }

  /** Takes note that the reader has room for more buffers. */
  makeRoom(stream: "video" | "audio", count: number): void {
    this.#room[stream] += count;
    this.#news.resolve();
  }

  /** Sends until it is aborted; after the ends of the streams, messages of the bus may still follow. */
  async run(send: (messages: readonly Message[]) => Promise<void>, signal: AbortSignal) {
    signal.addEventListener("abort", () => this.#news.resolve());
    while (!signal.aborted) {
      const messages = this.#gather();
      if (messages.length > 0) await send(messages);
      else await this.#pause();
    }
  }

  /** Messages of the bus. */
  complaints(): Message[] {
    return this.#pipeline.bus.take().map((message) => ({
      kind: "bus",
      message,
      using: message.kind === "error" ? this.#pipeline.using(this.#plan.hardware) : undefined,
    }));
  }

  #gather(): Message[] {
    const { frames, samples, pictures } = this.#pipeline;
    const video = this.#buffers("video", frames);
    const audio = this.#buffers("audio", samples);
    const size = video.length > 0 ? this.#pipeline.newPicture() : undefined;
    const jpegs: Message[] = [];
    for (let sample; (sample = pictures?.take()) !== undefined;) {
      jpegs.push({ kind: "sample", to: "pictures", sample });
    }
    const ended = (["video", "audio"] as const).filter((stream) =>
      !this.#ended[stream] && (stream === "video" ? frames : samples).ended
    );
    for (const stream of ended) this.#ended[stream] = true;
    return [
      ...size === undefined ? [] : [{ kind: "picture", size } as const],
      ...video,
      ...audio,
      ...jpegs,
      ...this.#drops(),
      // An error must arrive before the end that it caused.
      ...this.complaints(),
      ...ended.map((stream) => ({ kind: "ended", stream } as const)),
    ];
  }

  #buffers(to: "video" | "audio", sink: AppSink): Message[] {
    const messages: Message[] = [];
    if (this.#plan.live) sink.count();
    while (this.#room[to] > 0) {
      const sample = sink.take();
      if (sample === undefined) break;
      this.#room[to]--;
      messages.push({ kind: "sample", to, sample });
    }
    return messages;
  }

  #drops(): Message[] {
    const { frames: { dropped: video }, samples: { dropped: audio } } = this.#pipeline;
    if (video + audio === this.#dropped) return [];
    this.#dropped = video + audio;
    return [{ kind: "dropped", video, audio }];
  }

  /** Waits for the next look; while the reader has no room at all, only for room or a slow look at the bus. */
  async #pause(): Promise<void> {
    if (this.#room.video > 0 || this.#room.audio > 0) {
      return await nextTick(POLL_MS[this.#plan.live ? "live" : "fast"]);
    }
    this.#news = Promise.withResolvers();
    const slow = setTimeout(() => this.#news.resolve(), 100);
    await this.#news.promise;
    clearTimeout(slow);
  }
}
