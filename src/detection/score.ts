import { logistic, type LogisticMap, probability } from "../core/logistic.ts";

/** Turns a head's activations into scores 0..1. */
export interface Scorer {
  /** @param activation `a[k, t]` of the next time step. */
  score(activation: number): number;
  /** The score of an activation, without taking it into the running statistics. */
  peek(activation: number): number;
}

/** Scores with a calibration fitted on data: the probability that the source of the sound is in the picture. */
export class CalibratedScorer implements Scorer {
  readonly #map: LogisticMap;

  constructor(map: LogisticMap) {
    this.#map = map;
  }

  score(activation: number): number {
    return probability(this.#map, activation);
  }

  peek(activation: number): number {
    return this.score(activation);
  }
}

/** Time steps over which the running statistics of an uncalibrated head average. */
const MEMORY = 750;
/** Time steps needed before a score is given. */
const LEAST = 50;
/** Standard deviations above the running mean that score 0.5, and the slope there. */
const MIDPOINT = 2.5;
const STEEPNESS = 1.5;

/**
 * Scores an uncalibrated head by how far its activation exceeds its own recent values.
 *
 * The score is not a probability of a match; it is a substitute until the model has been calibrated.
 */
export class RunningScorer implements Scorer {
  #count = 0;
  #mean = 0;
  #variance = 0;

  score(activation: number): number {
    const away = this.#away(activation);
    const weight = 1 / Math.min(++this.#count, MEMORY);
    const difference = activation - this.#mean;
    this.#mean += weight * difference;
    this.#variance = (1 - weight) * (this.#variance + weight * difference * difference);
    return this.#scoreOf(away);
  }

  peek(activation: number): number {
    return this.#scoreOf(this.#away(activation));
  }

  /** Distance from the running mean in standard deviations. */
  #away(activation: number): number {
    const deviation = Math.sqrt(this.#variance);
    return deviation > 0 ? (activation - this.#mean) / deviation : 0;
  }

  #scoreOf(away: number): number {
    return this.#count <= LEAST ? 0 : logistic(STEEPNESS * (away - MIDPOINT));
  }
}
