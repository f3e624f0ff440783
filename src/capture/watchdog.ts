import type { SampleSink } from "./capture_pipeline.ts";
import type { CaptureNotice } from "./media.ts";

/** Detects when a stream stops delivering data and when it resumes. */
export class Watchdog {
  readonly stream: "audio" | "video";
  readonly #sink: SampleSink;
  readonly #live: boolean;
  readonly #limitMs: number;
  #arrived = 0;
  #lastMs: number;
  #starved = false;

  /** @param live whether the source paces itself; one that waits for its reader is not starved while buffers are queued. */
  constructor(
    stream: "audio" | "video",
    sink: SampleSink,
    live: boolean,
    limitMs: number,
    nowMs: number,
  ) {
    this.stream = stream;
    this.#sink = sink;
    this.#live = live;
    this.#limitMs = limitMs;
    this.#lastMs = nowMs;
  }

  /** Whether nothing has come for the limit. */
  get starved(): boolean {
    return this.#starved;
  }

  /** Checks the counters; call it a few times a second. */
  look(nowMs: number): CaptureNotice | undefined {
    this.#sink.count();
    const came = this.#sink.arrived !== this.#arrived;
    this.#arrived = this.#sink.arrived;
    if (came || this.#sink.ended || (!this.#live && this.#sink.waiting)) {
      this.#lastMs = nowMs;
      if (!this.#starved || !came) return undefined;
      this.#starved = false;
      return { kind: "flowing", stream: this.stream };
    }
    if (this.#starved || nowMs - this.#lastMs < this.#limitMs) return undefined;
    this.#starved = true;
    const seconds = Math.round((nowMs - this.#lastMs) / 100) / 10;
    return { kind: "starved", stream: this.stream, seconds };
  }
}
