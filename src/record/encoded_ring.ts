import type { CameraPicture, Samples } from "../telemetry/topics.ts";

/** A camera picture with its capture time in epoch seconds. */
export interface TimedPicture {
  readonly seconds: number;
  readonly jpeg: Uint8Array<ArrayBuffer>;
}

/** Samples with the capture time of the first one in epoch seconds. */
export interface TimedSamples {
  readonly seconds: number;
  readonly sampleRate: number;
  readonly samples: Float32Array;
}

/** A stretch of pictures and sound. */
export interface Cut {
  readonly from: number;
  readonly to: number;
  readonly pictures: readonly TimedPicture[];
  readonly sound: readonly TimedSamples[];
}

/** Most bytes that are kept, whatever the time. */
const MOST_BYTES = 100_000_000;

/** The newest JPEG pictures and samples, in bounded memory. */
export class EncodedRing {
  #pictures: TimedPicture[] = [];
  #sound: TimedSamples[] = [];
  #bytes = 0;

  /** Capture time of the newest picture. */
  get newest(): number {
    return this.#pictures.at(-1)?.seconds ?? -Infinity;
  }

  /** Capture time up to which there is sound. */
  get heard(): number {
    const last = this.#sound.at(-1);
    return last === undefined ? -Infinity : last.seconds + last.samples.length / last.sampleRate;
  }

  addPicture({ epochNs, jpeg }: CameraPicture): void {
    this.#pictures.push({ seconds: Number(epochNs) / 1e9, jpeg });
    this.#bytes += jpeg.length;
    while (this.#bytes > MOST_BYTES) this.#bytes -= this.#pictures.shift()!.jpeg.length;
  }

  addSound({ epochNs, sampleRate, samples }: Samples): void {
    this.#sound.push({ seconds: Number(epochNs) / 1e9, sampleRate, samples: samples.slice() });
  }

  /** Forgets what is older; the picture before it is kept, as it is shown until the next one. */
  forget(before: number): void {
    while (this.#pictures.length > 1 && this.#pictures[1].seconds <= before) {
      this.#bytes -= this.#pictures.shift()!.jpeg.length;
    }
    while (this.#sound.length > 0 && this.#sound[0].seconds < before - 1) this.#sound.shift();
  }

  /** The picture nearest to a time. */
  nearest(seconds: number): TimedPicture | undefined {
    const away = (picture: TimedPicture) => Math.abs(picture.seconds - seconds);
    return this.#pictures.reduce<TimedPicture | undefined>(
      (best, picture) => best === undefined || away(picture) < away(best) ? picture : best,
      undefined,
    );
  }

  /** What was captured between two times; shorter if the ring does not reach back or ahead so far. */
  cut(from: number, to: number): Cut {
    const inside = this.#pictures.filter(({ seconds }) => seconds >= from && seconds <= to);
    const start = Math.max(from, inside[0]?.seconds ?? from);
    const end = Math.min(to, Math.max(this.newest, this.heard));
    const sound = this.#sound.filter(({ seconds, samples, sampleRate }) =>
      seconds < end && seconds + samples.length / sampleRate > start
    );
    return { from: start, to: end, pictures: inside, sound };
  }
}
