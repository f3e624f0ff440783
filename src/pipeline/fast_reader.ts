import type { AudioChunk, Capture, Frame } from "../capture/media.ts";

/** Inputs of a {@linkcode FastReader}. */
export interface FastReaderOptions {
  readonly capture: Pick<Capture, "frames" | "audio">;
  readonly keepFrame: (frame: Frame) => void;
  readonly keepChunk: (chunk: AudioChunk) => void;
}

/** Reads a capture that waits for its reader: no more of each stream than is needed. */
export class FastReader {
  readonly #options: FastReaderOptions;
  readonly #from: { frames: AsyncIterator<Frame>; audio: AsyncIterator<AudioChunk> };
  #frames = true;
  #audio = true;

  constructor(options: FastReaderOptions) {
    const { capture } = options;
    this.#options = options;
    this.#from = {
      frames: capture.frames()[Symbol.asyncIterator](),
      audio: capture.audio()[Symbol.asyncIterator](),
    };
  }

  /** Whether frames may still come. */
  get frames(): boolean {
    return this.#frames;
  }

  /** Whether audio may still come. */
  get audio(): boolean {
    return this.#audio;
  }

  /** Reads a frame. */
  async frame(): Promise<void> {
    const next = await this.#from.frames.next();
    if (next.done) this.#frames = false;
    else this.#options.keepFrame(next.value);
  }

  /** Reads audio. */
  async chunk(): Promise<void> {
    const next = await this.#from.audio.next();
    if (next.done) this.#audio = false;
    else this.#options.keepChunk(next.value);
  }
}
