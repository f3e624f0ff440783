/** How well activations of matched pairs stand out from those of mismatched ones. */
export interface CalibrationFit {
  /** `P(match | a) = 1 / (1 + exp(-(slope · a + offset)))`, matched and mismatched equally likely. */
  readonly slope: number;
  readonly offset: number;
  /** Probability that a matched pair's activation is above a mismatched one's. */
  readonly auc: number;
  readonly matchedMean: number;
  readonly mismatchedMean: number;
}

const ITERATIONS = 100;
/** Keeps the slope finite in units of the activations' own deviation. */
const RIDGE = 1e-5;

/**
 * Fits a logistic map from activation to the probability of a match, both classes weighing the same.
 *
 * Targets are Platt's (1999), `(n + 1) / (n + 2)` and `1 / (n + 2)`, so that classes that do not
 * overlap still give a finite slope; solved by Newton's method on standardised activations.
 *
 * @throws {RangeError} when a class is empty or a value is not finite.
 */
export function fitCalibration(
  matched: readonly number[],
  mismatched: readonly number[],
): CalibrationFit {
  const all = [...matched, ...mismatched];
  if (matched.length === 0 || mismatched.length === 0 || !all.every(Number.isFinite)) {
    throw new RangeError(
      `Cannot fit a calibration: both classes must hold finite values, got ${matched.length} and ${mismatched.length}`,
    );
  }
  const centre = mean(all);
  const deviation = Math.sqrt(mean(all.map((v) => (v - centre) ** 2))) || 1;
  const points = [
    ...weighted(matched, (matched.length + 1) / (matched.length + 2)),
    ...weighted(mismatched, 1 / (mismatched.length + 2)),
  ].map(({ value, target, weight }) => ({ x: (value - centre) / deviation, target, weight }));
  let slope = 0;
  let offset = 0;
  for (let i = 0; i < ITERATIONS; i++) {
    let [gs, go, hss, hso, hoo] = [RIDGE * slope, 0, RIDGE, 0, 1e-9];
    for (const { x, target, weight } of points) {
      const p = 1 / (1 + Math.exp(-(slope * x + offset)));
      const error = weight * (p - target);
      const curve = weight * p * (1 - p);
      gs += error * x;
      go += error;
      hss += curve * x * x;
      hso += curve * x;
      hoo += curve;
    }
    const determinant = hss * hoo - hso * hso;
    const ds = (hoo * gs - hso * go) / determinant;
    const doffset = (hss * go - hso * gs) / determinant;
    // Half of a class on the wrong side can make a full step overshoot.
    const step = Math.min(1, 2 / Math.max(Math.abs(ds), Math.abs(doffset), 1e-12));
    slope -= step * ds;
    offset -= step * doffset;
    if (Math.abs(ds) + Math.abs(doffset) < 1e-10) break;
  }
  return {
    slope: slope / deviation,
    offset: offset - slope * centre / deviation,
    auc: areaUnderCurve(matched, mismatched),
    matchedMean: mean(matched),
    mismatchedMean: mean(mismatched),
  };
}

function weighted(values: readonly number[], target: number) {
  return values.map((value) => ({ value, target, weight: 0.5 / values.length }));
}

function areaUnderCurve(matched: readonly number[], mismatched: readonly number[]): number {
  const sorted = [...mismatched].sort((a, b) => a - b);
  let wins = 0;
  for (const value of matched) {
    wins += (countBelow(sorted, value, false) + countBelow(sorted, value, true)) / 2;
  }
  return wins / (matched.length * mismatched.length);
}

/** How many of `sorted` are below `value`, or not above it. */
function countBelow(sorted: readonly number[], value: number, orEqual: boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (orEqual ? sorted[middle] <= value : sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}
