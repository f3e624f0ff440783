import type { AudioChunk, Capture, Frame } from "../capture/media.ts";
import { DeliveryDelay } from "./delivery_delay.ts";
import { Wake } from "./wake.ts";

/** Longest pause between two reads, ms. */
const LONGEST_MS = 100;
/** Pause between two attempts to read due audio, ms. */
const RETRY_MS = 2;
/** Pause between two reads before the first audio, ms. */
const FIRST_MS = 20;
/** Audio that is late by more than this is no longer retried, ms. */
const OVERDUE_MS = 500;
/** Frames that may arrive between two reads: half of the capture's queue. */
const FRAMES_PER_READ = 4;

/** Inputs of a {@linkcode LiveReader}. */
export interface LiveReaderOptions {
  readonly capture: Pick<Capture, "take">;
  /** Frames per second. */
  readonly frameRate: number;
  readonly keepFrame: (frame: Frame) => void;
  readonly keepChunk: (chunk: AudioChunk) => void;
  /** Running time at which the audio of the next hop ends, ns; undefined before the first audio. */
  readonly dueNs: () => number | undefined;
  /** Running time at which the audio read so far ends, ns. */
  readonly endNs: () => number;
  /** Running time now, ns. */
  readonly nowNs: () => number;
  /** Called after each read, before {@linkcode onNews}. */
  readonly onTaken: () => void;
  /** Called when the audio of the next hop has been read, when a stream ends, and on failure. */
  readonly onNews: () => void;
}

/**
 * Reads a live capture while hops run, so that a slow hop does not make the source drop data.
 *
 * It wakes when the audio of the next hop should be there, not for every buffer.
 */
export class LiveReader {
  readonly #options: LiveReaderOptions;
  readonly #pause = new Wake();
  readonly #delay = new DeliveryDelay();
  #firstAttemptMs: number | undefined;
  #readNs: number | undefined;
  /** When the pause under way ends. */
  #wakesMs = -Infinity;
  #frames = true;
  #audio = true;
  #stopped = false;
  #failure: unknown;

  constructor(options: LiveReaderOptions) {
    this.#options = options;
  }

  /** Whether frames may still arrive. */
  get frames(): boolean {
    return this.#frames;
  }

  /** Whether audio may still arrive. */
  get audio(): boolean {
    return this.#audio;
  }

  /** The error at which reading stopped. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Reads until both streams have ended, an error, or {@linkcode stop}; never rejects. */
  async run(): Promise<void> {
    const { capture, keepFrame, keepChunk, onTaken, onNews } = this.#options;
    try {
      while (!this.#stopped && (this.#frames || this.#audio)) {
        const { frames, audio, ended } = capture.take();
        frames.forEach(keepFrame);
        audio.forEach(keepChunk);
        onTaken();
        this.#frames &&= !ended.frames;
        this.#audio &&= !ended.audio;
        if (this.#hasDue() || !this.#frames || !this.#audio) onNews();
        const pauseMs = this.#pauseMs();
        this.#wakesMs = performance.now() + pauseMs;
        await this.#pause.sleep(pauseMs);
      }
    } catch (error) {
      this.#failure = error;
      onNews();
    }
  }

  /** Reads sooner if the next hop is due before the end of the pause; call it after each hop. */
  hopDone(): void {
    if (performance.now() + this.#pauseMs() < this.#wakesMs) this.#pause.notify();
  }

  /** Whether it reads on: it has not been stopped and has not failed. */
  get running(): boolean {
    return !this.#stopped && this.#failure === undefined;
  }

  /** Makes {@linkcode run} return. */
  stop(): void {
    this.#stopped = true;
    this.#pause.notify();
  }

  /** Whether the audio of the next hop has been read; if so, learns when it could be. */
  #hasDue(): boolean {
    const dueNs = this.#options.dueNs();
    if (dueNs === undefined) return false;
    const now = performance.now();
    if (this.#options.endNs() < dueNs) {
      if (this.#untilMs(dueNs) <= 0) this.#firstAttemptMs ??= now;
      return false;
    }
    if (this.#readNs !== dueNs) this.#delay.found(now - (this.#firstAttemptMs ?? now));
    this.#readNs = dueNs;
    this.#firstAttemptMs = undefined;
    return true;
  }

  /** Estimated time until audio up to `dueNs` can be read; negative when it is late. */
  #untilMs(dueNs: number): number {
    return (dueNs - this.#options.nowNs()) / 1e6 + this.#delay.ms;
  }

  #pauseMs(): number {
    const { dueNs, endNs, frameRate } = this.#options;
    const due = dueNs();
    if (due === undefined) return FIRST_MS;
    const longestMs = Math.min(LONGEST_MS, FRAMES_PER_READ * 1000 / frameRate);
    const untilMs = this.#untilMs(due);
    if (endNs() >= due || untilMs < -OVERDUE_MS) return longestMs;
    return Math.min(Math.max(untilMs, RETRY_MS), longestMs);
  }
}
