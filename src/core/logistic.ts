/** Coefficients of a logistic map from a value to a probability: `1 / (1 + exp(-(slope · x + offset)))`. */
export interface LogisticMap {
  readonly slope: number;
  readonly offset: number;
}

/** The standard logistic function, 0..1. */
export function logistic(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** Probability of `value` under `map`. */
export function probability({ slope, offset }: LogisticMap, value: number): number {
  return logistic(slope * value + offset);
}
