/** When an audio time step happened, and how loud it was. */
interface StepTime {
  /** Center of the time step, ns of running time. */
  readonly ptsNs: number;
  /** The frame nearest to it in time, ns of running time. */
  readonly framePtsNs: number;
  /** Level of the audio during the step, dBFS. */
  readonly level: number;
}

/** One audio time step, grounded in the frame nearest to it in time. */
export interface GroundedStep extends StepTime {
  /** `[C]`: the audio features of this step. */
  readonly audio: Float32Array;
  /** `a[k]` for this step. */
  readonly activation: Float32Array;
  /** `s[k, y, x]` for this step, row-major `[K, h, w]`. */
  readonly volume: Float32Array;
  /** `[K]`: the probability that something of head k's kind is heard, in view or not; only of models that give it. */
  readonly presence?: Float32Array;
  readonly skipped?: undefined;
}

/**
 * One audio time step for which not everything was computed because it cannot take part in an event: it is `silent`, or
 * `weak`, which means that its audio features are too short for any picture to match.
 */
export interface SkippedStep extends StepTime {
  readonly skipped: "silent" | "weak";
}

/** One audio time step, as far as it was computed. */
export type Step = GroundedStep | SkippedStep;

/** The result of one inference. */
export interface Hop {
  /** Running time of the end of the audio window, ns. */
  readonly endNs: number;
  /** Running time up to which this hop and earlier ones have returned all steps, ns. */
  readonly finalNs: number;
  /** Steps that have become final, in order of time; each appears once. */
  readonly steps: readonly Step[];
}
