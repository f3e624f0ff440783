import type { HeadKind } from "../core/head_kind.ts";
import type { CameraConfig } from "./camera_schema.ts";
import type { DetectConfig } from "./detect_schema.ts";
import type { FitGeometry } from "../core/fit_geometry.ts";
import type { EndReason, WhenceEvent } from "../events/event.ts";
import { eventId } from "../events/event_id.ts";
import { secondsFromNs, stampFromNs } from "../events/stamp.ts";
import type { GroundedStep, Step } from "../grounding/grounded_step.ts";
import { bearing, cellsInPicture, inPolygon, type Point } from "./picture.ts";
import { regionOf } from "./region.ts";
import type { LogisticMap } from "../core/logistic.ts";
import { CalibratedScorer, RunningScorer, type Scorer } from "./score.ts";
import { EventTracker, type TrackedEvent } from "./tracker.ts";
import { UnlocatedTracker } from "./unlocated_tracker.ts";

/** No threshold lets a step with the score 0 use its map. */
const NO_MAP = new Float32Array(0);

/** One head as a detector sees it; its index in the list is the head's index. */
export interface HeadOptions {
  readonly kind: HeadKind;
  /** Without it the head's score comes from its own running statistics. */
  readonly calibration?: LogisticMap;
}

/** Options of a detector besides the `detect` and `camera` blocks. */
export interface DetectorOptions {
  readonly pipeline: string;
  /** NAME@VERSION */
  readonly model: string;
  readonly heads: readonly HeadOptions[];
  readonly gridWidth: number;
  readonly gridHeight: number;
  /** Length of one audio time step, s. */
  readonly stepSeconds: number;
  readonly fit: FitGeometry;
  /** Epoch time of a running time, both in ns. */
  readonly epochNs: (runningNs: number) => bigint;
  /** Names what is heard. Default: events get no labels. */
  readonly label?: Label;
}

/**
 * Names what is heard.
 *
 * @param code the head's audio features, their sum over an event's steps and 200 ms around them.
 * @returns most probable first; empty for what is unknown.
 */
export type Label = (kind: HeadKind, code: Float32Array) => WhenceEvent["labels"];

/** An event as detected, not yet published, with its heat map. */
export interface Detection {
  readonly event: Omit<WhenceEvent, "latency_ms">;
  /** `[h, w]` on the model's grid: mean over all of the event's time steps, clipped at 0, 0 outside the picture. */
  readonly heatMap: Float32Array;
  /** Capture time of the newest input that this message uses, ns of running time. */
  readonly atNs: number;
}

/** One head's part of a step as a detector judges it. */
export interface JudgedHead {
  /** Calibrated probability; 0 while the sound is below the gate. */
  readonly score: number;
  /** The score without the gate. */
  readonly ungated: number;
  /** Whether an announced event is active after this step. */
  readonly active: boolean;
  /** `[h, w]` of the similarity volume; valid during the call only. */
  readonly map: Float32Array;
}

/** Receives every step with its scores; heads in the model's order. */
export type StepObserver = (step: GroundedStep, heads: readonly JudgedHead[]) => void;

/** What all messages of one event share. */
interface Announced {
  readonly id: string;
  /** By the clock when the event was announced: it keeps its onset if the clock is set afterwards. */
  readonly onsetEpochNs: bigint;
  /** Number of its next message. */
  seq: number;
}

/** Where an event is. */
interface Place {
  readonly heatMap: Float32Array;
  readonly place: Pick<WhenceEvent, "located" | "peak" | "box" | "bearing" | "zones">;
}

/** Turns grounded steps into the events of all heads of one pipeline. */
export class Detector {
  /** Receives every step; scores below the gate are only computed for an observer. */
  onStep: StepObserver | undefined;
  readonly #options: DetectorOptions;
  #detect: DetectConfig;
  readonly #camera: CameraConfig;
  readonly #counts: Uint8Array;
  readonly #scorers: Scorer[];
  readonly #trackers: EventTracker[];
  /** Per head; empty until such events are switched on. */
  #unlocated: UnlocatedTracker[] = [];
  readonly #announced = new WeakMap<object, Announced>();

  constructor(detect: DetectConfig, camera: CameraConfig, options: DetectorOptions) {
    this.#options = options;
    this.#detect = detect;
    this.#camera = camera;
    const { fit, gridWidth, gridHeight } = options;
    this.#counts = cellsInPicture(fit, gridWidth, gridHeight);
    this.#scorers = options.heads.map(({ calibration }) =>
      calibration ? new CalibratedScorer(calibration) : new RunningScorer()
    );
    this.#trackers = options.heads.map(({ kind }) =>
      new EventTracker(detect[kind], detect.region.level, this.#counts)
    );
    this.#configureUnlocated(detect);
  }

  /** Uses other settings from the next step on; active events go on under them. */
  configure(detect: DetectConfig): void {
    this.#detect = detect;
    this.#options.heads.forEach(({ kind }, k) =>
      this.#trackers[k].configure(detect[kind], detect.region.level)
    );
    this.#configureUnlocated(detect);
  }

  /** `[h, w]`: 1 for cells inside the source picture. */
  get counts(): Uint8Array {
    return this.#counts;
  }

  /** `[h, w]`: 0 in the picture, very low in letterbox bars; similarity adds it before its maximum over space. */
  margin(): Float32Array {
    return Float32Array.from(this.#counts, (counts) => counts ? 0 : -1e9);
  }

  /** Kinds with an announced event that is still active. */
  active(): Set<HeadKind> {
    return new Set(
      this.#options.heads.filter((_, k) => this.#trackers[k].active || this.#unlocated[k]?.active)
        .map(({ kind }) => kind),
    );
  }

  /** Takes the next step; one that was skipped has the score 0. */
  step(step: Step): Detection[] {
    const { stepSeconds, heads, label } = this.#options;
    const half = stepSeconds * 1e9 / 2;
    const [startNs, endNs] = [Math.max(0, step.ptsNs - half), step.ptsNs + half];
    if (step.skipped) {
      const nothing = { startNs, endNs, score: 0, similarity: 0, map: NO_MAP };
      const unheard = { startNs, endNs, presence: 0, similarity: 0, matched: false };
      return heads.flatMap((_, k) => [
        ...this.#detections(k, this.#trackers[k].step(nothing), null),
        ...this.#unlocatedDetections(k, this.#unlocated[k]?.step(unheard), null),
      ]);
    }
    const silent = step.level < this.#detect.gate;
    const cells = step.volume.length / heads.length;
    const width = step.audio.length / heads.length;
    const judged: JudgedHead[] | undefined = this.onStep && [];
    const detections = heads.flatMap((_, k) => {
      const similarity = step.activation[k];
      const ungated = silent && judged ? this.#scorers[k].peek(similarity) : undefined;
      const score = silent ? 0 : this.#scorers[k].score(similarity);
      const map = step.volume.subarray(k * cells, (k + 1) * cells);
      const code = label && step.audio.subarray(k * width, (k + 1) * width);
      const tracked = this.#trackers[k].step({ startNs, endNs, score, similarity, map, code });
      judged?.push({ score, ungated: ungated ?? score, active: this.#trackers[k].active, map });
      const located = this.#detections(k, tracked, null);
      const unlocated = this.#unlocated[k];
      if (unlocated === undefined) return located;
      // One that has a place takes over.
      const ended = this.#trackers[k].active ? unlocated.end() : [];
      const matched = this.#trackers[k].active || score >= this.#detect[heads[k].kind].off;
      const presence = silent || !this.#detect.unlocated ? 0 : step.presence?.[k] ?? 0;
      const heard = unlocated.step({ startNs, endNs, presence, similarity, matched, code });
      return [
        ...this.#unlocatedDetections(k, ended, null),
        ...located,
        ...this.#unlocatedDetections(k, heard, null),
      ];
    });
    if (judged) this.onStep?.(step, judged);
    return detections;
  }

  /**
   * Declares that no step before `untilNs` (running time) is still to come, so that events can end without input.
   *
   * @param reason why an event that ends ends: null for silence, `source_lost` if the input is missing.
   */
  advance(untilNs: number, reason: EndReason | null = null): Detection[] {
    return this.#trackers.flatMap((tracker, k) => [
      ...this.#detections(k, tracker.advance(untilNs), reason),
      ...this.#unlocatedDetections(k, this.#unlocated[k]?.advance(untilNs), reason),
    ]);
  }

  /** Ends all active events, for a reason other than silence; null where a recording ends. */
  end(reason: EndReason | null): Detection[] {
    return this.#trackers.flatMap((tracker, k) => [
      ...this.#detections(k, tracker.end(), reason),
      ...this.#unlocatedDetections(k, this.#unlocated[k]?.end(), reason),
    ]);
  }

  /** Makes or configures what finds events without a place. If it is switched off, active ones end as in silence. */
  #configureUnlocated({ unlocated }: DetectConfig): void {
    if (unlocated === undefined) return;
    if (this.#unlocated.length === 0) {
      this.#unlocated = this.#options.heads.map(() => new UnlocatedTracker(unlocated));
    } else for (const tracker of this.#unlocated) tracker.configure(unlocated);
  }

  #detections(
    head: number,
    tracked: readonly TrackedEvent[],
    reason: EndReason | null,
  ): Detection[] {
    return tracked.map((event) => {
      const { gridWidth: width, gridHeight: height, fit } = this.#options;
      const { peak, box } = regionOf(
        { width, height, values: event.newestMap },
        this.#counts,
        this.#detect.region.level,
        fit,
      );
      const direction = bearing(peak, this.#camera, fit);
      const heatMap = event.heatMap.map((value, i) => this.#counts[i] ? Math.max(0, value) : 0);
      const place = { peak, box, ...(direction ? { bearing: direction } : {}) };
      return this.#detection(head, event, reason, {
        heatMap,
        place: { located: true, ...place, zones: this.#zonesAt(peak) },
      });
    });
  }

  #unlocatedDetections(
    head: number,
    tracked: readonly TrackedEvent[] = [],
    reason: EndReason | null,
  ): Detection[] {
    const place = { located: false, zones: [] };
    return tracked.map((event) => {
      const heatMap = new Float32Array(this.#counts.length);
      return this.#detection(head, event, reason, { heatMap, place });
    });
  }

  #detection(
    head: number,
    tracked: TrackedEvent,
    reason: EndReason | null,
    { heatMap, place }: Place,
  ): Detection {
    const { pipeline, model, heads, epochNs, label } = this.#options;
    const { type, onsetNs, offsetNs, code } = tracked;
    const { kind } = heads[head];
    const announced = this.#announce(tracked);
    const { id, onsetEpochNs } = announced;
    const seq = announced.seq++;
    const offset = offsetNs === null
      ? null
      : secondsFromNs(onsetEpochNs + BigInt(Math.round(offsetNs - onsetNs)));
    const event: Detection["event"] = {
      schema: "whence/event/2",
      id,
      type,
      seq,
      pipeline,
      kind,
      head,
      header: { stamp: stampFromNs(epochNs(tracked.atNs)), frame_id: this.#camera.frame_id },
      onset: secondsFromNs(onsetEpochNs),
      offset,
      duration: ((offsetNs ?? tracked.atNs) - onsetNs) / 1e9,
      stream: { onset: onsetNs / 1e9, offset: offsetNs === null ? null : offsetNs / 1e9 },
      score: tracked.score,
      current_score: tracked.currentScore,
      similarity: tracked.similarity,
      ...place,
      labels: label && code ? label(kind, code) : [],
      media: {},
      reason: type === "end" ? reason : null,
      model,
    };
    return { event, heatMap, atNs: tracked.atNs };
  }

  #announce({ key, onsetNs }: TrackedEvent): Announced {
    const known = this.#announced.get(key);
    if (known) return known;
    const onsetEpochNs = this.#options.epochNs(onsetNs);
    const announced = { id: eventId(onsetEpochNs), onsetEpochNs, seq: 0 };
    this.#announced.set(key, announced);
    return announced;
  }

  #zonesAt(peak: Point): string[] {
    return Object.entries(this.#detect.zones)
      .filter(([, polygon]) => inPolygon(peak, polygon))
      .map(([name]) => name);
  }
}
