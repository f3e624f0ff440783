import { logistic, type LogisticMap } from "../core/logistic.ts";

const ITERATIONS = 50;
const TOLERANCE = 1e-9;
/** Keeps the slope finite where the classes do not overlap; the weights are not scaled to 1, so it is small. */
const RIDGE = 1e-6;
/** Shortest step that the line search tries, as a share of Newton's. */
const SHORTEST_STEP = 1e-6;

/** One observation: its value and whether it is of a matched pair. */
interface Point {
  readonly value: number;
  readonly truth: 0 | 1;
  readonly weight: number;
}

/**
 * Fits a logistic map from activation to the probability of a match by ridge-regularized logistic regression. Both classes
 * have the same total weight, so that 0.5 is as likely matched as not.
 *
 * The objective is the one of `fit_logistic` and `Evidence.fit` in models/training/whence_training/export.py, which has a
 * single minimum; a line search makes Newton's method reach it on any data.
 *
 * @throws {RangeError} when a class is empty or a value is not finite.
 */
export function fitLogistic(
  matched: readonly number[],
  mismatched: readonly number[],
): LogisticMap {
  const count = matched.length + mismatched.length;
  if (
    matched.length === 0 || mismatched.length === 0 ||
    ![...matched, ...mismatched].every(Number.isFinite)
  ) {
    throw new RangeError(
      "Cannot fit a calibration: both classes must contain finite values, " +
        `got ${matched.length} matched and ${mismatched.length} mismatched`,
    );
  }
  const points: Point[] = [
    ...matched.map((value) => ({ value, truth: 1 as const, weight: count / 2 / matched.length })),
    ...mismatched.map((value) => ({
      value,
      truth: 0 as const,
      weight: count / 2 / mismatched.length,
    })),
  ];
  let map: LogisticMap = { slope: 0, offset: 0 };
  let loss = lossOf(points, map);
  for (let i = 0; i < ITERATIONS; i++) {
    const step = newtonStep(points, map);
    let share = 1;
    let next = moved(map, step, share);
    let nextLoss = lossOf(points, next);
    while (nextLoss > loss && share > SHORTEST_STEP) {
      share /= 2;
      next = moved(map, step, share);
      nextLoss = lossOf(points, next);
    }
    if (nextLoss > loss) break;
    [map, loss] = [next, nextLoss];
    if (Math.max(Math.abs(step.slope), Math.abs(step.offset)) * share < TOLERANCE) break;
  }
  return map;
}

function moved(map: LogisticMap, step: LogisticMap, share: number): LogisticMap {
  return { slope: map.slope + share * step.slope, offset: map.offset + share * step.offset };
}

function newtonStep(points: readonly Point[], { slope, offset }: LogisticMap): LogisticMap {
  let [gs, go] = [-RIDGE * slope, -RIDGE * offset];
  let [hss, hso, hoo] = [RIDGE, 0, RIDGE];
  for (const { value, truth, weight } of points) {
    const p = logistic(slope * value + offset);
    const error = weight * (truth - p);
    const curve = weight * p * (1 - p);
    gs += error * value;
    go += error;
    hss += curve * value * value;
    hso += curve * value;
    hoo += curve;
  }
  const determinant = hss * hoo - hso * hso;
  return {
    slope: (hoo * gs - hso * go) / determinant,
    offset: (hss * go - hso * gs) / determinant,
  };
}

/** Weighted negative log likelihood plus the ridge. */
function lossOf(points: readonly Point[], { slope, offset }: LogisticMap): number {
  let sum = RIDGE / 2 * (slope * slope + offset * offset);
  for (const { value, truth, weight } of points) {
    const x = slope * value + offset;
    const toward = truth === 1 ? -x : x;
    // log(1 + exp(toward)) without overflow
    sum += weight * (Math.max(0, toward) + Math.log1p(Math.exp(-Math.abs(toward))));
  }
  return sum;
}
