import type { Encoders } from "../model/encoders.ts";
import { stepSamples, windowSamples } from "../model/window_samples.ts";
import type { AudioRing } from "../ring/audio_ring.ts";
import type { FrameRing, HeldFrame } from "../ring/frame_ring.ts";
import type { GroundedStep, Hop } from "./grounded_step.ts";
import { levelDbfs } from "./pooling.ts";
import type { Similarity } from "./similarity.ts";

/** How a rolling window moves; seconds. */
export interface RollingOptions {
  readonly duration: number;
  readonly hop: number;
  readonly lookahead: number;
  /** A step farther than this from every frame is not grounded. */
  readonly maxFrameDistance: number;
}

/** Counters since the start. */
export interface RollingStats {
  readonly hops: number;
  /** Hops skipped because inference was slower than the hop. */
  readonly skippedHops: number;
  readonly steps: number;
  /** Steps that left the window before they could become final. */
  readonly lostSteps: number;
  /** Steps without a frame near enough in time. */
  readonly unpairedSteps: number;
  /** Steps whose similarity was not a finite number: half precision overflowed, or the model is broken. */
  readonly invalidSteps: number;
  readonly encodedFrames: number;
}

interface EncodedFrame {
  readonly ptsNs: number;
  readonly features: Float32Array;
  readonly cls?: Float32Array;
}

/**
 * Slides an audio window over the newest input and grounds each audio time step once, in the frame nearest to it.
 *
 * Windows begin on the encoder's own grid of time steps, so that a step has the same samples around it with any hop:
 * results differ between hops only by what is outside the window, and not at all if `lookahead` is at least half the
 * encoder's receptive field.
 */
export class RollingGrounding {
  readonly #encoders: Encoders;
  readonly #similarity: Similarity;
  readonly #audio: AudioRing;
  readonly #frames: FrameRing;
  readonly #stride: number;
  readonly #first: number;
  readonly #window: Float32Array;
  readonly #hop: number;
  readonly #lookahead: number;
  readonly #maxDistanceNs: number;
  readonly #stats = {
    hops: 0,
    skippedHops: 0,
    steps: 0,
    lostSteps: 0,
    unpairedSteps: 0,
    invalidSteps: 0,
    encodedFrames: 0,
  };
  #margin: Float32Array;
  #encoded: EncodedFrame | undefined;
  #hopNumber = 1;
  #nextStep: number | undefined;

  constructor(
    encoders: Encoders,
    similarity: Similarity,
    audio: AudioRing,
    frames: FrameRing,
    options: RollingOptions,
  ) {
    const { manifest } = encoders;
    this.#encoders = encoders;
    this.#similarity = similarity;
    this.#audio = audio;
    this.#frames = frames;
    this.#stride = stepSamples(manifest.audio);
    this.#first = Math.round(manifest.audio.first_feature * audio.sampleRate);
    this.#window = new Float32Array(windowSamples(manifest.audio, options.duration));
    this.#hop = options.hop * audio.sampleRate;
    this.#lookahead = Math.round(options.lookahead * audio.sampleRate);
    this.#maxDistanceNs = options.maxFrameDistance * 1e9;
    this.#margin = new Float32Array(manifest.image.grid.width * manifest.image.grid.height);
  }

  /** Additive mask `[h, w]` for the maximum of a similarity volume; set it to exclude letterbox bars. */
  set margin(margin: Float32Array) {
    this.#margin = margin;
  }

  /** Sample index at which the next hop is due; undefined before the first sample. */
  get due(): number | undefined {
    return this.#audio.begin === undefined ? undefined : this.#endOf(this.#hopNumber);
  }

  /** Counters since the start. */
  stats(): RollingStats {
    return { ...this.#stats };
  }

  /**
   * Runs the newest hop that is due at `now`; older ones that are due as well are skipped and counted.
   *
   * @param now sample index up to which audio counts as arrived.
   * @param framesKnownUntilNs time up to which no further frame will arrive; a later step waits for its frame.
   * @returns undefined while no hop is due.
   */
  async hop(now: number, framesKnownUntilNs: number): Promise<Hop | undefined> {
    if (this.due === undefined || now < this.due) return undefined;
    for (let next = this.#endOf(this.#hopNumber + 1); now >= next;) {
      // Hops shorter than a time step of the model coincide.
      if (next > this.#endOf(this.#hopNumber)) this.#stats.skippedHops++;
      next = this.#endOf(++this.#hopNumber + 1);
    }
    const end = this.#endOf(this.#hopNumber++);
    return await this.#run(end, end - this.#lookahead, framesKnownUntilNs);
  }

  /** Continues after the end of the stream, on silence, until all steps are final. */
  async *flush(): AsyncGenerator<Hop> {
    if (this.#audio.begin === undefined) return;
    const last = this.#audio.end - 1;
    for (let final = -Infinity; final < last;) {
      const end = this.#endOf(this.#hopNumber++);
      final = end - this.#lookahead;
      yield await this.#run(end, Math.min(final, last), Infinity);
    }
  }

  #endOf(hop: number): number {
    return Math.ceil((this.#audio.begin! + hop * this.#hop) / this.#stride) * this.#stride;
  }

  async #run(end: number, finalUntil: number, framesKnownUntilNs: number): Promise<Hop> {
    const start = end - this.#window.length;
    this.#audio.read(end, this.#window);
    const { features, dims, cls } = await this.#encoders.encodeAudio(this.#window);
    const count = dims[2];
    const firstStep = Math.round(start / this.#stride);
    this.#nextStep ??= Math.ceil((this.#audio.begin! - this.#first) / this.#stride);
    if (this.#nextStep < firstStep) {
      this.#stats.lostSteps += firstStep - this.#nextStep;
      this.#nextStep = firstStep;
    }
    const steps: GroundedStep[] = [];
    for (; this.#nextStep < firstStep + count; this.#nextStep++) {
      const center = this.#nextStep * this.#stride + this.#first;
      const ptsNs = this.#audio.timeNs(center);
      if (center > finalUntil || ptsNs > framesKnownUntilNs) break;
      const frame = this.#frames.nearest(ptsNs);
      if (!frame || Math.abs(frame.ptsNs - ptsNs) > this.#maxDistanceNs) {
        this.#stats.unpairedSteps++;
        continue;
      }
      const audio = column(features, this.#nextStep - firstStep, count);
      const step = await this.#ground(ptsNs, center - start, frame, audio, cls);
      if (step.activation.every(Number.isFinite)) steps.push(step);
      else this.#stats.invalidSteps++;
    }
    this.#stats.hops++;
    this.#stats.steps += steps.length;
    const next = (this.#nextStep - 0.5) * this.#stride + this.#first;
    return { endNs: this.#audio.timeNs(end), finalNs: this.#audio.timeNs(next), steps };
  }

  async #ground(
    ptsNs: number,
    center: number,
    frame: HeldFrame,
    audio: Float32Array,
    audioClass: Float32Array | undefined,
  ): Promise<GroundedStep> {
    const half = Math.ceil(this.#stride / 2);
    const level = levelDbfs(this.#window.subarray(Math.max(0, center - half), center + half));
    const framePtsNs = frame.ptsNs;
    const image = await this.#encode(frame);
    const { volume, activation } = await this.#similarity.compute({
      audio,
      image: image.features,
      margin: this.#margin,
      audioClass,
      imageClass: image.cls,
    });
    return { ptsNs, framePtsNs, level, activation, volume };
  }

  async #encode(frame: HeldFrame): Promise<EncodedFrame> {
    const { ptsNs } = frame;
    if (this.#encoded?.ptsNs === ptsNs) return this.#encoded;
    // The ring may overwrite its slot while the encoder reads.
    const { features, cls } = await this.#encoders.encodeImages(frame.data.slice(), 1);
    this.#stats.encodedFrames++;
    return this.#encoded = { ptsNs, features, cls };
  }
}

/** Row `t` of `[S, C]`, taken from `[C, T]`. */
function column(features: Float32Array, t: number, count: number): Float32Array {
  return Float32Array.from({ length: features.length / count }, (_, c) => features[c * count + t]);
}
