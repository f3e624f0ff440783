/** Which time steps cannot take part in an event, so that nothing needs to be computed for them. */
export interface SkipRules {
  /** Steps below this level are silent, dBFS. */
  readonly gate: number;
  /** Per head, the activation below which a step does not count; undefined where every activation counts. */
  readonly floors: readonly (number | undefined)[];
  /** A step is not weak if any head's presence reaches this; undefined: presence does not matter. */
  readonly presence?: number;
  /**
   * Steps below this level are only looked at: they are compared with a frame that is up to a second away from theirs, so that
   * silence costs one frame a second. Default: each step is compared with the frame nearest to it.
   */
  readonly quiet?: number;
}

/** Computes everything. */
export const SKIP_NOTHING: SkipRules = { gate: -Infinity, floors: [] };
