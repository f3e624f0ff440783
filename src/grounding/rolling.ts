import type { Encoders } from "../model/encoders.ts";
import { stepSamples, windowSamples } from "../model/window_samples.ts";
import type { AudioRing } from "../ring/audio_ring.ts";
import type { FrameRing, HeldFrame } from "../ring/frame_ring.ts";
import { type EncodedFrame, FrameEncoder } from "./frame_encoder.ts";
import type { GroundedStep, Hop, Step } from "./grounded_step.ts";
import { HopSchedule } from "./hop_schedule.ts";
import { levelDbfs } from "./pooling.ts";
import { stepsOfReach } from "./reach.ts";
import { type RollingStats, zeroCounts } from "./rolling_stats.ts";
import type { Similarity } from "./similarity.ts";
import { WindowColumns } from "./window_columns.ts";
import { SKIP_NOTHING, type SkipRules } from "./skip_rules.ts";

/** How far the frame of a quiet step may be from its own, ns. */
const QUIET_DISTANCE_NS = 1e9;

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

interface EncodedAudio {
  /** Number of its first time step. */
  readonly first: number;
  readonly count: number;
  /** `[C, T]` */
  readonly features: Float32Array;
  readonly cls?: Float32Array;
  /** `[K, T]` */
  readonly presence?: Float32Array;
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
  readonly #step: Float32Array;
  readonly #lookahead: number;
  readonly #maxDistanceNs: number;
  readonly #reach: number | undefined;
  readonly #counts = zeroCounts();
  readonly #schedule: HopSchedule;
  readonly #frameEncoder: FrameEncoder;
  readonly #columns: WindowColumns | undefined;
  #margin: Float32Array;
  #rules = SKIP_NOTHING;
  #nextStep: number | undefined;
  /** Whether the last step was grounded: the sound probably goes on. */
  #grounding = false;

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
    this.#step = new Float32Array(2 * Math.ceil(this.#stride / 2));
    this.#lookahead = Math.round(options.lookahead * audio.sampleRate);
    this.#maxDistanceNs = options.maxFrameDistance * 1e9;
    this.#margin = new Float32Array(manifest.image.grid.width * manifest.image.grid.height);
    this.#reach = encoders.takesAnyLength ? stepsOfReach(manifest.audio) : undefined;
    this.#frameEncoder = new FrameEncoder(encoders, this.#counts, options.reuse_frames ?? false);
    // A receptive field that is limited leaves out more.
    const keeps = encoders.takesColumns && this.#reach === undefined;
    this.#columns = keeps ? new WindowColumns(encoders) : undefined;
    this.#schedule = new HopSchedule(audio, {
      stride: this.#stride,
      first: this.#first,
      hop: options.hop * audio.sampleRate,
      lookahead: this.#lookahead,
      // Further hops on whole windows would cost more than large models have left.
      early: (options.early_hops ?? false) && this.#reach !== undefined,
    });
  }

  /** Steps that are left out from the next one on; by default none. */
  set rules(rules: SkipRules) {
    this.#rules = rules;
  }

  /** Receives the features of each frame that a step needs, once. */
  set onFrame(onFrame: ((frame: EncodedFrame) => void) | undefined) {
    this.#frameEncoder.onFrame = onFrame;
  }

  /** Additive mask `[h, w]` for the maximum of a similarity volume; set it to exclude letterbox bars. */
  set margin(margin: Float32Array) {
    this.#margin = margin;
  }

  /** Sample index at which the next hop is due; undefined before the first sample. */
  get due(): number | undefined {
    return this.#schedule.due(this.#nextStep, this.#loud);
  }

  /** Level below which no step can begin an event, dBFS. */
  get #loud(): number {
    return Math.max(this.#rules.gate, this.#rules.quiet ?? -Infinity);
  }

  /** Counters since the start. */
  stats(): RollingStats {
    return { ...this.#counts };
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
    const schedule = this.#schedule;
    if (due < schedule.regular() && now < schedule.regular()) {
      this.#counts.earlyHops++;
      return await this.#run(due, due - this.#lookahead, framesKnownUntilNs, onStep);
    }
    while (now >= schedule.regular(1)) {
      // Hops shorter than a time step of the model coincide.
      if (schedule.regular(1) > schedule.regular()) this.#counts.skippedHops++;
      schedule.advance();
    }
    const end = schedule.regular();
    schedule.advance();
    return await this.#run(end, end - this.#lookahead, framesKnownUntilNs, onStep);
  }

  /**
   * Begins to encode the next frame that a step will probably need, while the step's lookahead is still being heard: a frame
   * of an onset, or of a sound that goes on. Changes no result; call it again when audio or frames have arrived.
   *
   * @param framesKnownUntilNs as of {@linkcode hop}.
   * @returns settles when the next frame can be begun; undefined if there is nothing to begin.
   */
  ahead(framesKnownUntilNs: number): Promise<void> | undefined {
    const from = this.#nextStep;
    if (from === undefined) return undefined;
    const half = Math.ceil(this.#stride / 2);
    for (let step = from;; step++) {
      const center = step * this.#stride + this.#first;
      const ptsNs = this.#audio.timeNs(center);
      if (center + half > this.#audio.end || ptsNs > framesKnownUntilNs) return undefined;
      if (!this.#grounding && !this.#schedule.mayBegin(step, from, this.#loud)) continue;
      const frame = this.#frames.nearest(ptsNs);
      if (!frame || Math.abs(frame.ptsNs - ptsNs) > this.#maxDistanceNs) continue;
      if (this.#heardLevel(center + half) < this.#loud) continue;
      const begun = this.#frameEncoder.ahead(frame);
      if (begun) return begun;
    }
  }

  /** Continues after the end of the stream, on silence, until all steps are final. */
  async *flush(onStep: (step: Step) => void = () => {}): AsyncGenerator<Hop> {
    if (this.#audio.begin === undefined) return;
    const last = this.#audio.end - 1;
    for (let final = -Infinity; final < last;) {
      const end = this.#schedule.regular();
      this.#schedule.advance();
      final = end - this.#lookahead;
      yield await this.#run(end, Math.min(final, last), Infinity, onStep);
    }
  }

  async #run(
    end: number,
    finalUntil: number,
    framesKnownUntilNs: number,
    onStep: (step: Step) => void,
  ): Promise<Hop> {
    const start = end - this.#window.length;
    this.#schedule.began(end);
    this.#audio.read(end, this.#window);
    const firstStep = Math.round(start / this.#stride);
    this.#nextStep ??= Math.ceil((this.#audio.begin! - this.#first) / this.#stride);
    if (this.#nextStep < firstStep) {
      this.#counts.lostSteps += firstStep - this.#nextStep;
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
        this.#counts.unpairedSteps++;
        continue;
      }
      const framePtsNs = frame.ptsNs;
      const level = this.#levelAt(center - start);
      if (level < this.#rules.gate) {
        this.#counts.silentSteps++;
        this.#grounding = false;
        take({ ptsNs, framePtsNs, level, skipped: "silent" });
        continue;
      }
      audio ??= await this.#encodeAudio(firstStep, this.#nextStep);
      const row = this.#nextStep - audio.first;
      if (row >= audio.count) break;
      const code = column(audio.features, row, audio.count);
      const presence = audio.presence && column(audio.presence, row, audio.count);
      if (this.#isWeak(code, presence)) {
        this.#counts.weakSteps++;
        this.#grounding = false;
        take({ ptsNs, framePtsNs, level, skipped: "weak" });
        continue;
      }
      this.#grounding = level >= this.#loud;
      const grounded = await this.#ground(ptsNs, level, frame, code, audio.cls);
      const step = presence ? { ...grounded, presence } : grounded;
      if (step.activation.every(Number.isFinite)) {
        this.#counts.steps++;
        take(step);
      } else this.#counts.invalidSteps++;
    }
    this.#counts.hops++;
    const next = (this.#nextStep - 0.5) * this.#stride + this.#first;
    return { endNs: this.#audio.timeNs(end), finalNs: this.#audio.timeNs(next), steps };
  }

  /** Whether a step can take part in no event: it matches no picture, and too little is heard. */
  #isWeak(code: Float32Array, presence: Float32Array | undefined): boolean {
    const { floors, presence: enough = Infinity } = this.#rules;
    return !presence?.some((value) => value >= enough) && this.#frameEncoder.isWeak(code, floors);
  }

  /** @param center of a step, samples from the start of the window. */
  #levelAt(center: number): number {
    const half = Math.ceil(this.#stride / 2);
    return levelDbfs(this.#window.subarray(Math.max(0, center - half), center + half));
  }

  /** Level of the step that ends at a sample index. */
  #heardLevel(end: number): number {
    this.#audio.read(end, this.#step);
    return levelDbfs(this.#step);
  }

  /** Encodes the window, or the part of it that the features of `step` and later ones depend on. */
  async #encodeAudio(firstStep: number, step: number): Promise<EncodedAudio> {
    const { min_samples } = this.#encoders.manifest.audio;
    const spare = Math.floor((this.#window.length - min_samples) / this.#stride);
    const unneeded = this.#reach === undefined ? 0 : step - this.#reach - firstStep;
    const cut = Math.max(0, Math.min(unneeded, spare));
    const samples = this.#window.subarray(cut * this.#stride);
    const { audio, encoded } = this.#columns
      ? await this.#columns.encode(samples, firstStep * this.#stride)
      : { audio: await this.#encoders.encodeAudio(samples), encoded: samples.length };
    const { features, dims, cls, presence } = audio;
    this.#counts.encodedWindows++;
    this.#counts.encodedSamples += encoded;
    return { first: firstStep + cut, count: dims[2], features, cls, presence };
  }

  async #ground(
    ptsNs: number,
    level: number,
    frame: HeldFrame,
    audio: Float32Array,
    audioClass: Float32Array | undefined,
  ): Promise<GroundedStep> {
    const quiet = level < (this.#rules.quiet ?? -Infinity);
    const near = quiet ? this.#frameEncoder.near(frame.ptsNs, QUIET_DISTANCE_NS) : undefined;
    const image = near ?? await this.#frameEncoder.encode(frame);
    const { volume, activation } = await this.#similarity.compute({
      audio,
      image: image.features,
      margin: this.#margin,
      audioClass,
      imageClass: image.cls,
    });
    return { ptsNs, framePtsNs: image.ptsNs, level, audio, activation, volume };
  }
}

/** Row `t` of `[S, C]`, taken from `[C, T]`. */
function column(features: Float32Array, t: number, count: number): Float32Array {
  const row = new Float32Array(features.length / count);
  for (let c = 0; c < row.length; c++) row[c] = features[c * count + t];
  return row;
}
