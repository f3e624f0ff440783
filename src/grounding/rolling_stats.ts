/** Counters of a rolling window since the start. */
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
  /** Frames whose features a step used. */
  readonly encodedFrames: number;
  /** Frames encoded before their hop that no step used in the end. */
  readonly unusedFrames: number;
  /** Frames that show the same as the last one encoded, whose features they use. */
  readonly reusedFrames: number;
}

/** Counters that are being counted. */
export type RollingCounts = { -readonly [name in keyof RollingStats]: RollingStats[name] };

/** Counters at the start. */
export function zeroCounts(): RollingCounts {
  return {
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
    unusedFrames: 0,
    reusedFrames: 0,
  };
}
