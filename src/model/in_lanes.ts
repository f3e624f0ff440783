import type { Encoders } from "./encoders.ts";

/**
 * Encoders that make few runs of each kind at once; further ones wait, in order. Runs beyond the number of cores are no
 * faster, and each keeps the memory of its activations: 28 MB for a picture with denseav-mini 4.
 *
 * @param lanes most runs of each encoder at once, at least 1.
 */
export function inLanes(encoders: Encoders, lanes: number): Encoders {
  const pictures = new Lanes(lanes);
  const windows = new Lanes(lanes);
  return {
    manifest: encoders.manifest,
    image: encoders.image,
    audio: encoders.audio,
    givesPresence: encoders.givesPresence,
    takesAnyLength: encoders.takesAnyLength,
    encodeImages: (frames, count) => pictures.run(() => encoders.encodeImages(frames, count)),
    takesColumns: encoders.takesColumns,
    encodeAudio: (...window) => windows.run(() => encoders.encodeAudio(...window)),
    release: () => encoders.release(),
  };
}

class Lanes {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(count: number) {
    this.#free = count;
  }

  async run<Result>(task: () => Promise<Result>): Promise<Result> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      // The lane goes to the next task directly: none that comes later may overtake it.
      if (next) next();
      else this.#free++;
    }
  }
}
