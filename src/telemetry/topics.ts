import type { FitGeometry } from "../core/fit_geometry.ts";
import type { HeadKind } from "../core/head_kind.ts";
import type { LogLevel } from "../core/log.ts";
import type { PipelineState, WhenceEvent } from "../events/event.ts";

/** A capture time. */
export interface Moment {
  /** Running time of the pipeline's source, ns. */
  readonly ptsNs: number;
  /** The same time since the epoch, ns. */
  readonly epochNs: bigint;
}

/** A position in 0..1 of the source picture: x to the right, y down. */
export type Position = readonly [x: number, y: number];

/** What a pipeline is, known once its source has brought a picture; told again when the picture's size changes. */
export interface Description {
  readonly pipeline: string;
  /** NAME@VERSION */
  readonly model: string;
  /** The model's heads; their order is the order of all per-head lists. */
  readonly heads: readonly { readonly kind: HeadKind; readonly calibrated: boolean }[];
  /** Size of the similarity maps. */
  readonly grid: { readonly width: number; readonly height: number };
  /** Size of the model's input picture, pixels. */
  readonly input: { readonly width: number; readonly height: number };
  /** How the source picture maps to the model's input. */
  readonly fit: FitGeometry;
  /** Frames per second that the model is offered. */
  readonly frameRate: number;
  readonly sampleRate: number;
  /** Length of one time step and of one hop, s. */
  readonly stepSeconds: number;
  readonly hopSeconds: number;
  readonly frameId: string;
  /** Pinhole optics in pixels of the source picture; absent if the pipeline file gives none. */
  readonly optics?: {
    readonly fx: number;
    readonly fy: number;
    readonly cx: number;
    readonly cy: number;
  };
  /** Length of a recording as its container states it, s. */
  readonly duration?: number;
  /** Whether the source was opened with a branch for camera pictures. */
  readonly pictures: boolean;
}

/** The thresholds of one kind; seconds. */
export interface KindTuning {
  readonly on: number;
  readonly off: number;
  readonly min_duration: number;
  readonly merge_gap: number;
}

/** The detection settings in use. */
export interface Tuning {
  readonly sound: KindTuning;
  readonly speech: KindTuning;
  /** dBFS */
  readonly gate: number;
  readonly region: { readonly level: number };
  readonly zones: Readonly<Record<string, readonly Position[]>>;
}

/** A camera picture. */
export interface CameraPicture extends Moment {
  /** A JPEG file of at most 1280 pixels in width and height, in the source picture's proportions. */
  readonly jpeg: Uint8Array<ArrayBuffer>;
}

/** A picture as the model gets it: RGB, `[height, width, 3]`. Valid during the call only; copy it to keep it. */
export interface InputFrame extends Moment {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Consecutive mono samples, -1..1. Valid during the call only; copy them to keep them. */
export interface Samples extends Moment {
  readonly sampleRate: number;
  readonly samples: Float32Array;
}

/** One head's part of a time step. */
export interface HeadScore {
  readonly kind: HeadKind;
  /** Calibrated probability; 0 while the sound is below the gate. */
  readonly score: number;
  /** The score that the head would have without the gate. */
  readonly ungated: number;
  /** `a[k]`, uncalibrated. */
  readonly similarity: number;
  /** The thresholds in use. */
  readonly on: number;
  readonly off: number;
  /** Whether an announced event is active after this step. */
  readonly active: boolean;
  /** Where the similarity is highest. */
  readonly peak: Position;
}

/** The scores of one time step; its moment is the center of the step. */
export interface Step extends Moment {
  /** Time of the frame that it was compared with, ns of running time. */
  readonly framePtsNs: number;
  /** Level of the sound and the gate, dBFS. */
  readonly level: number;
  readonly gate: number;
  readonly heads: readonly HeadScore[];
}

/** The similarity maps of one time step: `s[k, y, x]`, row-major `[K, h, w]`. */
export interface SimilarityMaps extends Moment {
  readonly framePtsNs: number;
  readonly values: Float32Array<ArrayBuffer>;
}

/** The image features of a frame, `[C, h, w]`; each frame once. Valid during the call only; copy them to keep them. */
export interface ImageFeatures extends Moment {
  readonly values: Float32Array;
}

/** One inference; its moment is the end of the window of sound. */
export interface HopReport extends Moment {
  /** Running time up to which all steps are final, ns. */
  readonly finalNs: number;
  /** How long the inference took, ms. */
  readonly tookMs: number;
  readonly steps: number;
  /** Counters since the source was opened. */
  readonly skippedHops: number;
  readonly unpairedSteps: number;
  readonly lostSteps: number;
  readonly missingSamples: number;
}

/** An event message as published; its moment is `header.stamp`. */
export interface TelemetryEvent extends Moment {
  readonly event: WhenceEvent;
  /** `[h, w]`: mean over the event's time steps, clipped at 0. */
  readonly heatMap: Float32Array;
}

/**
 * Why something that came close to an event did not become one; `moved`: it lasted long enough, but not in one place.
 */
export type NearMissReason = "below_on" | "too_short" | "below_gate" | "moved";

/** A stretch of time in which a score came close to an event that did not happen; its moment is the peak. */
export interface NearMiss extends Moment {
  readonly kind: HeadKind;
  readonly head: number;
  readonly reason: NearMissReason;
  /** Beginning and end, ns of running time. */
  readonly startNs: number;
  readonly endNs: number;
  /** Highest score, without the gate. */
  readonly score: number;
  /** Highest level, dBFS. */
  readonly level: number;
  /** How long the score was up with the gate open, s. */
  readonly activeSeconds: number;
  /** The settings that it was measured against: probability, s, dBFS. */
  readonly on: number;
  readonly minDuration: number;
  readonly gate: number;
  readonly peak: Position;
  readonly box: readonly [number, number, number, number];
}

/** One line of the pipeline's log. */
export interface LogLine {
  /** Epoch time, ms. */
  readonly timeMs: number;
  readonly level: LogLevel;
  readonly message: string;
}

/** What a pipeline offers, by topic. */
export interface TelemetryTopics {
  readonly description: Description;
  readonly state: PipelineState;
  readonly tuning: Tuning;
  /** The content of `P/NAME/stats`, once a second. */
  readonly stats: Readonly<Record<string, unknown>>;
  readonly log: LogLine;
  readonly picture: CameraPicture;
  readonly frame: InputFrame;
  readonly audio: Samples;
  readonly step: Step;
  readonly maps: SimilarityMaps;
  readonly features: ImageFeatures;
  readonly hop: HopReport;
  readonly event: TelemetryEvent;
  readonly near_miss: NearMiss;
}

/** A topic's name. */
export type Topic = keyof TelemetryTopics;

/** One message with its topic. */
export type TelemetryMessage = {
  readonly [T in Topic]: { readonly topic: T; readonly message: TelemetryTopics[T] };
}[Topic];

/** Topics whose newest message a new listener gets at once. */
export const RETAINED = ["description", "state", "tuning", "stats"] as const satisfies Topic[];
