/** One audio time step, grounded in the frame nearest to it in time. */
export interface GroundedStep {
  /** Center of the time step, ns of running time. */
  readonly ptsNs: number;
  /** The frame it was paired with, ns of running time. */
  readonly framePtsNs: number;
  /** Level of the audio during the step, dBFS. */
  readonly level: number;
  /** `a[k]` for this step. */
  readonly activation: Float32Array;
  /** `s[k, y, x]` for this step, row-major `[K, h, w]`. */
  readonly volume: Float32Array;
}

/** The result of one inference. */
export interface Hop {
  /** Running time of the end of the audio window, ns. */
  readonly endNs: number;
  /** Running time up to which this hop and earlier ones have returned all steps, ns. */
  readonly finalNs: number;
  /** Steps that have become final, in order of time; each appears once. */
  readonly steps: readonly GroundedStep[];
}
