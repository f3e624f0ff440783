import type { Encoders } from "../model/encoders.ts";
import { stepSamples, windowSamples } from "../model/window_samples.ts";
import type { AudioRing } from "../ring/audio_ring.ts";
import type { FrameRing, HeldFrame } from "../ring/frame_ring.ts";
import { headNorms, longestNorms } from "./feature_norms.ts";
import type { GroundedStep, Hop, Step } from "./grounded_step.ts";
import { OnsetWatch } from "./onset.ts";
import { levelDbfs } from "./pooling.ts";
import { stepsOfReach } from "./reach.ts";
import type { Similarity } from "./similarity.ts";
import { SKIP_NOTHING, type SkipRules } from "./skip_rules.ts";
import { StillPicture } from "./still_picture.ts";

/** How a rolling window moves; seconds. */
export interface RollingOptions {
  readonly duration: number;
  readonly hop: number;
  readonly lookahead: number;
  /** A step farther than this from every frame is not grounded. */
  readonly maxFrameDistance: number;
  /** Use the features of an earlier frame while the picture does not change. */
  readonly reuse_frames?: boolean;
  /** Start hops between the regular ones when a step becomes final that may begin an event. */
  readonly early_hops?: boolean;
}

/** Counters since the start. */
export interface RollingStats {
  readonly hops: number;
  /** Of these, started early because an event may begin. */
  readonly earlyHops: number;
  /** Hops skipped because inference was slower than the hop. */
  readonly skippedHops: number;
  /** Hops in which at least one step had to be encoded. */
  readonly encodedWindows: number;
  /** Samples in those windows, without what the encoder was not given. */
  readonly encodedSamples: number;
  /** Steps that were grounded. */
  readonly steps: number;
  /** Steps below the gate: nothing was computed for them. */
  readonly silentSteps: number;
  /** Steps whose audio features are too short to match any picture: their frame was not encoded. */
  readonly weakSteps: number;
  /** Steps that left the window before they could become final. */
  readonly lostSteps: number;
  /** Steps without a frame near enough in time. */
  readonly unpairedSteps: number;
  /** Steps whose similarity was not a finite number: half precision overflowed, or the model is broken. */
  readonly invalidSteps: number;
  readonly encodedFrames: number;
  /** Frames that show the same as the last one encoded, whose features they use. */
  readonly reusedFrames: number;
}

interface EncodedFrame {
  readonly ptsNs: number;
  readonly features: Float32Array;
  readonly cls?: Float32Array;
}

interface EncodedAudio {
  /** Number of its first time step. */
  readonly first: number;
  readonly count: number;
  /** `[C, T]` */
  readonly features: Float32Array;
  readonly cls?: Float32Array;
}

/**
 * Slides an audio window over the newest input and grounds each audio time step once, in the frame nearest to it.
 *
 * Windows begin on the encoder's own grid of time steps, so that a step has the same samples around it with any hop:
 * results differ between hops only by what is outside the window, and not at all if `lookahead` is at least half the
 * encoder's receptive field.
 *
 * Computes nothing that cannot matter: no step that the skip rules leave out, no frame that no step needs, and, if the
 * encoder has a limited receptive field, no audio before the receptive field of the first step that is encoded.
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
  readonly #heads: number;
  readonly #reach: number | undefined;
  /** Per head, no image feature is longer; undefined where that is not known. */
  readonly #bounds: (number | undefined)[];
  readonly #stats = {
    hops: 0,
    earlyHops: 0,
    skippedHops: 0,
    encodedWindows: 0,
    encodedSamples: 0,
    steps: 0,
    silentSteps: 0,
    weakSteps: 0,
    lostSteps: 0,
    unpairedSteps: 0,
    invalidSteps: 0,
    encodedFrames: 0,
    reusedFrames: 0,
  };
  #margin: Float32Array;
  #rules = SKIP_NOTHING;
  readonly #still: StillPicture | undefined;
  #encoded: EncodedFrame | undefined;
  readonly #onsets: OnsetWatch | undefined;
  #lastEnd = -Infinity;
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
    this.#heads = manifest.heads.length;
    this.#still = options.reuse_frames
      ? new StillPicture(manifest.image.width, manifest.image.height)
      : undefined;
    this.#reach = encoders.takesAnyLength ? stepsOfReach(manifest.audio) : undefined;
    // Further hops on whole windows would cost more than large models have left.
    const early = options.early_hops && this.#reach !== undefined;
    this.#onsets = early ? new OnsetWatch() : undefined;
    // A class token adds to every activation, however short the features are.
    this.#bounds = manifest.heads.map(({ bound }) => manifest.class_token ? undefined : bound);
  }

  /** Steps that are left out from the next one on; by default none. */
  set rules(rules: SkipRules) {
    this.#rules = rules;
  }

  /** Additive mask `[h, w]` for the maximum of a similarity volume; set it to exclude letterbox bars. */
  set margin(margin: Float32Array) {
    this.#margin = margin;
  }

  /** Sample index at which the next hop is due; undefined before the first sample. */
  get due(): number | undefined {
    if (this.#audio.begin === undefined) return undefined;
    const regular = this.#endOf(this.#hopNumber);
    return this.#onsets ? this.#earlyEnd(this.#onsets, regular) : regular;
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
   * @param onStep called with each step as soon as it is final; the result has them, too.
   * @returns undefined while no hop is due.
   */
  async hop(
    now: number,
    framesKnownUntilNs: number,
    onStep: (step: Step) => void = () => {},
  ): Promise<Hop | undefined> {
    const { due } = this;
    if (due === undefined || now < due) return undefined;
    if (due < this.#endOf(this.#hopNumber) && now < this.#endOf(this.#hopNumber)) {
      this.#stats.earlyHops++;
      return await this.#run(due, due - this.#lookahead, framesKnownUntilNs, onStep);
    }
    for (let next = this.#endOf(this.#hopNumber + 1); now >= next;) {
      // Hops shorter than a time step of the model coincide.
      if (next > this.#endOf(this.#hopNumber)) this.#stats.skippedHops++;
      next = this.#endOf(++this.#hopNumber + 1);
    }
    const end = this.#endOf(this.#hopNumber++);
    return await this.#run(end, end - this.#lookahead, framesKnownUntilNs, onStep);
  }

  /** Continues after the end of the stream, on silence, until all steps are final. */
  async *flush(onStep: (step: Step) => void = () => {}): AsyncGenerator<Hop> {
    if (this.#audio.begin === undefined) return;
    const last = this.#audio.end - 1;
    for (let final = -Infinity; final < last;) {
      const end = this.#endOf(this.#hopNumber++);
      final = end - this.#lookahead;
      yield await this.#run(end, Math.min(final, last), Infinity, onStep);
    }
  }

  #endOf(hop: number): number {
    return Math.ceil((this.#audio.begin! + hop * this.#hop) / this.#stride) * this.#stride;
  }

  /** End of the hop in which the next step that may begin an event becomes final, if that is before the regular hop. */
  #earlyEnd(onsets: OnsetWatch, regular: number): number {
    if (this.#nextStep === undefined) return regular;
    this.#hearOnsets(onsets, this.#nextStep);
    for (let step = this.#nextStep;; step++) {
      const final = step * this.#stride + this.#first + this.#lookahead;
      const end = Math.ceil(final / this.#stride) * this.#stride;
      if (end >= regular) return regular;
      if (end > this.#lastEnd && onsets.mayBegin(step)) return end;
    }
  }

  #hearOnsets(onsets: OnsetWatch, from: number): void {
    const half = Math.ceil(this.#stride / 2);
    const samples = new Float32Array(2 * half);
    for (let step = Math.max(from, onsets.next ?? from);; step++) {
      const end = step * this.#stride + this.#first + half;
      if (end > this.#audio.end) return;
      this.#audio.read(end, samples);
      onsets.hear(step, levelDbfs(samples), this.#rules.gate);
    }
  }

  async #run(
    end: number,
    finalUntil: number,
    framesKnownUntilNs: number,
    onStep: (step: Step) => void,
  ): Promise<Hop> {
    const start = end - this.#window.length;
    this.#lastEnd = end;
    this.#audio.read(end, this.#window);
    const firstStep = Math.round(start / this.#stride);
    this.#nextStep ??= Math.ceil((this.#audio.begin! - this.#first) / this.#stride);
    if (this.#nextStep < firstStep) {
      this.#stats.lostSteps += firstStep - this.#nextStep;
      this.#nextStep = firstStep;
    }
    const steps: Step[] = [];
    const take = (step: Step) => {
      steps.push(step);
      onStep(step);
    };
    let audio: EncodedAudio | undefined;
    for (;; this.#nextStep++) {
      const center = this.#nextStep * this.#stride + this.#first;
      const ptsNs = this.#audio.timeNs(center);
      if (center >= end || center > finalUntil || ptsNs > framesKnownUntilNs) break;
      if (audio && this.#nextStep >= audio.first + audio.count) break;
      const frame = this.#frames.nearest(ptsNs);
      if (!frame || Math.abs(frame.ptsNs - ptsNs) > this.#maxDistanceNs) {
        this.#stats.unpairedSteps++;
        continue;
      }
      const framePtsNs = frame.ptsNs;
      const level = this.#levelAt(center - start);
      if (level < this.#rules.gate) {
        this.#stats.silentSteps++;
        take({ ptsNs, framePtsNs, level, skipped: "silent" });
        continue;
      }
      audio ??= await this.#encodeAudio(firstStep, this.#nextStep);
      const row = this.#nextStep - audio.first;
      if (row >= audio.count) break;
      const code = column(audio.features, row, audio.count);
      if (this.#isWeak(code)) {
        this.#stats.weakSteps++;
        take({ ptsNs, framePtsNs, level, skipped: "weak" });
        continue;
      }
      const step = await this.#ground(ptsNs, level, frame, code, audio.cls);
      if (step.activation.every(Number.isFinite)) {
        this.#stats.steps++;
        take(step);
      } else this.#stats.invalidSteps++;
    }
    this.#stats.hops++;
    const next = (this.#nextStep - 0.5) * this.#stride + this.#first;
    return { endNs: this.#audio.timeNs(end), finalNs: this.#audio.timeNs(next), steps };
  }

  /** @param center of a step, samples from the start of the window. */
  #levelAt(center: number): number {
    const half = Math.ceil(this.#stride / 2);
    return levelDbfs(this.#window.subarray(Math.max(0, center - half), center + half));
  }

  /** Encodes the window, or the part of it that the features of `step` and later ones depend on. */
  async #encodeAudio(firstStep: number, step: number): Promise<EncodedAudio> {
    const { min_samples } = this.#encoders.manifest.audio;
    const spare = Math.floor((this.#window.length - min_samples) / this.#stride);
    const unneeded = this.#reach === undefined ? 0 : step - this.#reach - firstStep;
    const cut = Math.max(0, Math.min(unneeded, spare));
    const samples = this.#window.subarray(cut * this.#stride);
    const { features, dims, cls } = await this.#encoders.encodeAudio(samples);
    this.#stats.encodedWindows++;
    this.#stats.encodedSamples += samples.length;
    return { first: firstStep + cut, count: dims[2], features, cls };
  }

  /** Whether no head can reach its floor with any picture: `|a · v| ≤ ‖a‖ ‖v‖`. */
  #isWeak(code: Float32Array): boolean {
    const { floors } = this.#rules;
    const norms = headNorms(code, this.#heads);
    return this.#bounds.every((bound, k) => {
      const floor = floors[k];
      return bound !== undefined && floor !== undefined && norms[k] * bound < floor;
    });
  }

  async #ground(
    ptsNs: number,
    level: number,
    frame: HeldFrame,
    audio: Float32Array,
    audioClass: Float32Array | undefined,
  ): Promise<GroundedStep> {
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
    const same = this.#still?.isSame(frame.data) ?? false;
    if (same && this.#encoded) {
      this.#stats.reusedFrames++;
      return this.#encoded = { ...this.#encoded, ptsNs };
    }
    // If the encoder fails, nothing must be reused.
    this.#encoded = undefined;
    // The ring may overwrite its slot while the encoder reads.
    const { features, cls } = await this.#encoders.encodeImages(frame.data.slice(), 1);
    this.#stats.encodedFrames++;
    this.#raiseBounds(features);
    return this.#encoded = { ptsNs, features, cls };
  }

  /** A picture unlike those that the bounds were measured on may have longer features. */
  #raiseBounds(features: Float32Array): void {
    if (this.#bounds.every((bound) => bound === undefined)) return;
    const longest = longestNorms(features, this.#heads, this.#margin.length);
    this.#bounds.forEach((bound, k) => {
      if (bound !== undefined) this.#bounds[k] = Math.max(bound, longest[k]);
    });
  }
}

/** Row `t` of `[S, C]`, taken from `[C, T]`. */
function column(features: Float32Array, t: number, count: number): Float32Array {
  const row = new Float32Array(features.length / count);
  for (let c = 0; c < row.length; c++) row[c] = features[c * count + t];
  return row;
}
