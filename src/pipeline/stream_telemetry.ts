import type { AudioChunk, Capture, Frame } from "../capture/media.ts";
import type { FitGeometry } from "../core/fit_geometry.ts";
import type { Detector, JudgedHead } from "../detection/detector.ts";
import { NearMissFinder } from "../detection/near_miss.ts";
import { pinhole } from "../detection/picture.ts";
import { peakOf } from "../detection/region.ts";
import type { EncodedFrame } from "../grounding/frame_encoder.ts";
import type { GroundedStep, Hop } from "../grounding/grounded_step.ts";
import { SKIP_NOTHING, type SkipRules } from "../grounding/skip_rules.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import type { Moment, Topic } from "../telemetry/topics.ts";
import type { CaptureClock } from "./capture_clock.ts";
import type { Engine } from "./engine.ts";
import type { PipelineConfig } from "./schema.ts";

/** Topics that need the scores of each step. */
const STEP_TOPICS = ["step", "maps", "near_miss", "features"] as const satisfies Topic[];

/** Counters of a stream that a hop report shows. */
export interface HopCounters {
  readonly skippedHops: number;
  readonly unpairedSteps: number;
  readonly lostSteps: number;
  readonly missingSamples: number;
}

/** Reports one run of a source as telemetry; each method does nothing while its topics have no listener. */
export class StreamTelemetry {
  readonly #telemetry: Telemetry;
  readonly #capture: Capture;
  readonly #engine: Engine;
  readonly #clock: CaptureClock;
  #detector: Detector | undefined;
  #fit: FitGeometry | undefined;
  #config: PipelineConfig;
  #nearMisses: NearMissFinder | undefined;
  #encoding = false;

  constructor(
    telemetry: Telemetry,
    capture: Capture,
    engine: Engine,
    config: PipelineConfig,
    clock: CaptureClock,
  ) {
    this.#telemetry = telemetry;
    this.#capture = capture;
    this.#engine = engine;
    this.#config = config;
    this.#clock = clock;
  }

  /** Follows other detection settings. */
  configure(config: PipelineConfig): void {
    this.#config = config;
  }

  /** Reports what is captured, and follows the steps of a new detector. */
  describe(detector: Detector, fit: FitGeometry): void {
    const { manifest } = this.#engine;
    const { name, source, camera, window } = this.#config;
    const { image: { width, height, grid }, audio } = manifest;
    const { durationNs } = this.#capture;
    this.#detector = detector;
    this.#fit = fit;
    this.#nearMisses = undefined;
    this.#telemetry.tell("description", {
      pipeline: name,
      model: `${manifest.name}@${manifest.version}`,
      heads: manifest.heads.map(({ kind, calibration }) => ({ kind, calibrated: !!calibration })),
      grid: { width: grid.width, height: grid.height },
      input: { width, height },
      fit,
      frameRate: source.frame_rate,
      sampleRate: audio.sample_rate,
      stepSeconds: 1 / audio.feature_rate,
      hopSeconds: window.hop,
      frameId: camera.frame_id,
      optics: pinhole(camera, fit),
      duration: durationNs === undefined ? undefined : durationNs / 1e9,
      pictures: this.#capture.pictures !== undefined,
    });
  }

  /** Moves camera pictures on, and has them encoded while they have a listener. */
  pictures(): void {
    const branch = this.#capture.pictures;
    if (branch === undefined) return;
    const wanted = this.#telemetry.wants("picture");
    if (wanted !== this.#encoding) branch.encode(this.#encoding = wanted);
    if (!wanted) return;
    for (const { ptsNs, jpeg } of branch.take()) {
      this.#telemetry.tell("picture", { ...this.#moment(ptsNs), jpeg });
    }
  }

  /** A frame as the model gets it. Returns whether there is a listener, who may keep its data. */
  frame(frame: Frame): boolean {
    // Reading its data may convert it.
    if (!this.#telemetry.wants("frame")) return false;
    const { ptsNs, data } = frame;
    const { width, height } = this.#engine.manifest.image;
    this.#telemetry.tell("frame", { ...this.#moment(ptsNs), width, height, data });
    return true;
  }

  /** Sound as the model gets it. */
  audio({ ptsNs, samples }: AudioChunk): void {
    if (!this.#telemetry.wants("audio")) return;
    const { sample_rate: sampleRate } = this.#engine.manifest.audio;
    this.#telemetry.tell("audio", { ...this.#moment(ptsNs), sampleRate, samples });
  }

  /**
   * Call before the steps of a hop are judged.
   *
   * @param rules what events need.
   * @returns what the listeners need: nothing more, every step, or every step and every frame.
   */
  beforeSteps(rules: SkipRules): SkipRules {
    const wanted = STEP_TOPICS.some((topic) => this.#telemetry.wants(topic));
    this.#detector!.onStep = wanted ? (step, heads) => this.#step(step, heads) : undefined;
    if (!this.#telemetry.wants("near_miss")) this.#nearMisses = undefined;
    if (!wanted) return rules;
    // Silence must not cost a frame a step: a camera that is watched would need several times the CPU.
    return this.#telemetry.wants("features") || rules.gate === -Infinity
      ? SKIP_NOTHING
      : { ...SKIP_NOTHING, quiet: rules.gate };
  }

  /** Receives the features of frames; undefined while they have no listener. */
  get onFrame(): ((frame: EncodedFrame) => void) | undefined {
    if (!this.#telemetry.wants("features")) return undefined;
    return ({ ptsNs, features }) =>
      this.#telemetry.tell("features", { ...this.#moment(ptsNs), values: features });
  }

  /** One inference. */
  hop(hop: Hop, tookMs: number, counters: HopCounters): void {
    if (!this.#telemetry.wants("hop")) return;
    const { skippedHops, unpairedSteps, lostSteps, missingSamples } = counters;
    this.#telemetry.tell("hop", {
      ...this.#moment(hop.endNs),
      finalNs: hop.finalNs,
      tookMs,
      steps: hop.steps.length,
      skippedHops,
      unpairedSteps,
      lostSteps,
      missingSamples,
    });
  }

  #step(step: GroundedStep, judged: readonly JudgedHead[]): void {
    const moment = this.#moment(step.ptsNs);
    const { framePtsNs } = step;
    if (this.#telemetry.wants("step")) this.#tellScores(step, judged);
    if (this.#telemetry.wants("maps")) {
      // The runtime may reuse the memory of its outputs.
      const values = step.volume.slice();
      this.#telemetry.tell("maps", { ...moment, framePtsNs, values });
    }
    if (this.#telemetry.wants("near_miss")) this.#tellNearMisses(step, judged);
  }

  #tellScores(step: GroundedStep, judged: readonly JudgedHead[]): void {
    const { manifest: { heads, image: { grid } } } = this.#engine;
    const { detect } = this.#config;
    this.#telemetry.tell("step", {
      ...this.#moment(step.ptsNs),
      framePtsNs: step.framePtsNs,
      level: step.level,
      gate: detect.gate,
      heads: judged.map(({ score, ungated, active, map }, k) => {
        const { kind } = heads[k];
        const { on, off } = detect[kind];
        const values = { width: grid.width, height: grid.height, values: map };
        const peak = peakOf(values, this.#detector!.counts, this.#fit!);
        return { kind, score, ungated, similarity: step.activation[k], on, off, active, peak };
      }),
    });
  }

  #tellNearMisses(step: GroundedStep, judged: readonly JudgedHead[]): void {
    const { manifest: { heads, image: { grid }, audio } } = this.#engine;
    const { detect } = this.#config;
    this.#nearMisses ??= new NearMissFinder({
      heads,
      gridWidth: grid.width,
      gridHeight: grid.height,
      stepSeconds: 1 / audio.feature_rate,
      fit: this.#fit!,
      counts: this.#detector!.counts,
    });
    for (const { peakNs, ...stretch } of this.#nearMisses.step(step, judged, detect)) {
      const { kind } = heads[stretch.head];
      const { on, min_duration: minDuration } = detect[kind];
      this.#telemetry.tell("near_miss", {
        ...this.#moment(peakNs),
        ...stretch,
        kind,
        on,
        minDuration,
        gate: detect.gate,
      });
    }
  }

  #moment(ptsNs: number): Moment {
    return { ptsNs, epochNs: this.#clock.epochNs(ptsNs) };
  }
}
