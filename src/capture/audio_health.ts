/** What is wrong with the sound of a microphone. */
export type AudioFault = "digital_silence" | "constant" | "clipping";

/** Length of the blocks that are judged, s. */
const BLOCK = 1;
/** One step of 16-bit samples. A microphone's noise is louder, even in a quiet room. */
const STEP = 1 / 32768;
/** Samples of this magnitude count as clipped. */
const FULL_SCALE = 0.999;
/** A block clips if at least this share of its samples does. */
const CLIPPED_SHARE = 0.1;
/** Level reported for digital silence, dBFS. */
const FLOOR_DBFS = -200;

/** Detects a microphone that delivers samples, but no sound. */
export class AudioHealth {
  /** Level of the last second, dBFS, at least -200; undefined before there is one. */
  level: number | undefined;
  /** What has been wrong for at least the limit. */
  fault: AudioFault | undefined;
  readonly #blockSamples: number;
  readonly #limit: number;
  #count = 0;
  #sum = 0;
  #squares = 0;
  #lowest = Infinity;
  #highest = -Infinity;
  #clipped = 0;
  #suspect: AudioFault | undefined;
  #seconds = 0;

  /** @param limit how long something must be wrong, s. */
  constructor(sampleRate: number, limit = 5) {
    this.#blockSamples = BLOCK * sampleRate;
    this.#limit = limit;
  }

  /** Takes the next samples, -1..1. */
  take(samples: Float32Array): void {
    for (const sample of samples) {
      this.#sum += sample;
      this.#squares += sample * sample;
      if (sample < this.#lowest) this.#lowest = sample;
      if (sample > this.#highest) this.#highest = sample;
      if (sample >= FULL_SCALE || sample <= -FULL_SCALE) this.#clipped++;
      if (++this.#count === this.#blockSamples) this.#endBlock();
    }
  }

  #endBlock(): void {
    const power = this.#squares / this.#count;
    this.level = Math.max(FLOOR_DBFS, 10 * Math.log10(power));
    const suspect = this.#suspectNow();
    this.#seconds = suspect === this.#suspect ? this.#seconds + BLOCK : BLOCK;
    this.#suspect = suspect;
    if (suspect === undefined) this.fault = undefined;
    else if (this.#seconds >= this.#limit) this.fault = suspect;
    this.#count =
      this.#sum =
      this.#squares =
      this.#clipped =
        0;
    this.#lowest = Infinity;
    this.#highest = -Infinity;
  }

  #suspectNow(): AudioFault | undefined {
    if (this.#highest - this.#lowest < STEP) {
      return Math.abs(this.#sum / this.#count) < STEP ? "digital_silence" : "constant";
    }
    return this.#clipped >= CLIPPED_SHARE * this.#count ? "clipping" : undefined;
  }
}
