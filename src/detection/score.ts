/** Logistic map from activation to probability. */
export interface LogisticMap {
  readonly slope: number;
  readonly offset: number;
}

/** Turns a head's activations into scores 0..1. */
export interface Scorer {
  /** @param activation `a[k, t]` of the next time step. */
  score(activation: number): number;
}

const logistic = (x: number) => 1 / (1 + Math.exp(-x));

/** Scores with a calibration fitted on data: the probability that what sounds is in the picture. */
export class CalibratedScorer implements Scorer {
  readonly #map: LogisticMap;

  constructor(map: LogisticMap) {
    this.#map = map;
  }

  score(activation: number): number {
    return logistic(this.#map.slope * activation + this.#map.offset);
  }
}

/** Time steps after which the running statistics of an uncalibrated head have forgotten what they saw. */
const MEMORY = 750;
/** Time steps that must have been seen before anything can stand out from them. */
const LEAST = 50;
/** Standard deviations above the running mean that score 0.5, and the slope there. */
const MIDPOINT = 2.5;
const STEEPNESS = 1.5;

/**
 * Scores a head nobody calibrated by how far its activation stands out from its own recent past.
 *
 * It never says how probable a match is; it is a stand-in until the model has been calibrated.
 */
export class RunningScorer implements Scorer {
  #count = 0;
  #mean = 0;
  #variance = 0;

  score(activation: number): number {
    const deviation = Math.sqrt(this.#variance);
    const away = deviation > 0 ? (activation - this.#mean) / deviation : 0;
    const weight = 1 / Math.min(++this.#count, MEMORY);
    const difference = activation - this.#mean;
    this.#mean += weight * difference;
    this.#variance = (1 - weight) * (this.#variance + weight * difference * difference);
    return this.#count <= LEAST ? 0 : logistic(STEEPNESS * (away - MIDPOINT));
  }
}
