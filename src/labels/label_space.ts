/**
 * How one head's audio features vary, and what a comparison of them is worth.
 *
 * The two-covariance model of speaker recognition (Brümmer and de Villiers, "The speaker partitioning problem", 2010):
 * `z = transform · (code / |code| - mean)` varies with covariance 1 within a name and `between` from name to name.
 */
export interface LabelSpace {
  /** `[c]` */
  readonly mean: Float32Array;
  /** `[d, c]`, row-major. */
  readonly transform: Float32Array;
  /** `[d]` */
  readonly between: Float32Array;
  /** Factor applied to log-likelihood ratios: steps of one clip are not as independent as the model takes them to be. */
  readonly scale: number;
  /** Log-odds that are added to "none of the names". */
  readonly unknown: number;
}

/** The coordinates of a code's direction, `[d]`; undefined for a code without direction. */
export function project(space: LabelSpace, code: Float32Array): Float64Array | undefined {
  const length = Math.hypot(...code);
  if (!(length > 0 && length < Infinity)) return undefined;
  return coordinates(space, Float64Array.from(code, (value) => value / length));
}

/**
 * The coordinates of a mean of codes of length 1, `[d]`. The mean is shorter than 1, and used as it is: its coordinates are
 * the mean of the codes' coordinates.
 */
export function coordinates(
  { mean, transform, between }: LabelSpace,
  code: Float32Array | Float64Array,
): Float64Array {
  const centered = Float64Array.from(code, (value, c) => value - mean[c]);
  return Float64Array.from(between, (_, d) => {
    let sum = 0;
    for (let c = 0; c < centered.length; c++) {
      sum += transform[d * centered.length + c] * centered[c];
    }
    return sum;
  });
}

/** A name as its examples taught it. */
export interface Prototype {
  readonly name: string;
  /** Mean of the examples' coordinates, `[d]`. */
  readonly center: ArrayLike<number>;
  /** How many examples there are. */
  readonly examples: number;
}

/** Names with as many examples each: what they share is computed once. */
interface Group {
  readonly prototypes: readonly Prototype[];
  /** `[d]`: factor of each coordinate's square in the log-likelihood ratio. */
  readonly square: Float64Array;
  /** `[n, d]`: factor of each coordinate. */
  readonly slope: Float32Array;
  /** `[n]` */
  readonly constant: Float64Array;
}

/** Compares codes with names: how probable it is that a code is one of them, or none. */
export class NameScorer {
  readonly #space: LabelSpace;
  readonly #groups: readonly Group[];
  readonly #logPrior: number;
  /** All names. */
  readonly names: ReadonlySet<string>;

  constructor(space: LabelSpace, prototypes: readonly Prototype[]) {
    this.#space = space;
    this.names = new Set(prototypes.map(({ name }) => name));
    const counts = [...new Set(prototypes.map(({ examples }) => examples))];
    this.#groups = counts.map((count) =>
      groupOf(space, prototypes.filter(({ examples }) => examples === count), count)
    );
    this.#logPrior = -Math.log(Math.max(1, prototypes.length));
  }

  /**
   * The probability of each name for a code, if it is as probable as not that the code is any of them. They and the probability
   * that it is none add up to 1. Names with several prototypes get one entry.
   *
   * @returns in no order; empty for a code without direction.
   */
  probabilities(code: Float32Array): Map<string, number> {
    const found = new Map<string, number>();
    const at = project(this.#space, code);
    if (at === undefined) return found;
    const { scale, unknown } = this.#space;
    const logits = this.#groups.map((group) =>
      ratios(group, at).map((ratio) => scale * ratio + this.#logPrior)
    );
    let highest = unknown;
    for (const group of logits) for (const logit of group) highest = Math.max(highest, logit);
    let total = Math.exp(unknown - highest);
    for (const group of logits) for (const logit of group) total += Math.exp(logit - highest);
    this.#groups.forEach(({ prototypes }, g) =>
      prototypes.forEach(({ name }, i) => {
        const share = Math.exp(logits[g][i] - highest) / total;
        found.set(name, (found.get(name) ?? 0) + share);
      })
    );
    return found;
  }
}

/**
 * The log-likelihood ratio of "one more example of the name" and "any other sound" is quadratic in the coordinates. Given n
 * examples with the mean z̄, a name's own mean is normal around m = nψ / (nψ + 1) · z̄ with variance ψ / (nψ + 1), ψ being `between`.
 */
function groupOf(
  { between }: LabelSpace,
  prototypes: readonly Prototype[],
  examples: number,
): Group {
  const size = between.length;
  const square = new Float64Array(size);
  const slope = new Float32Array(prototypes.length * size);
  const constant = new Float64Array(prototypes.length);
  for (let d = 0; d < size; d++) {
    const spread = 1 + between[d];
    const shrink = examples * between[d] / (examples * between[d] + 1);
    const variance = 1 + between[d] / (examples * between[d] + 1);
    square[d] = (1 / spread - 1 / variance) / 2;
    prototypes.forEach(({ center }, i) => {
      const mean = shrink * center[d];
      slope[i * size + d] = mean / variance;
      constant[i] += (Math.log(spread / variance) - mean * mean / variance) / 2;
    });
  }
  return { prototypes, square, slope, constant };
}

function ratios({ square, slope, constant }: Group, at: Float64Array): Float64Array {
  let shared = 0;
  for (let d = 0; d < at.length; d++) shared += square[d] * at[d] * at[d];
  const found = new Float64Array(constant.length);
  for (let i = 0; i < found.length; i++) {
    let sum = constant[i] + shared;
    for (let d = 0, at0 = i * at.length; d < at.length; d++) sum += slope[at0 + d] * at[d];
    found[i] = sum;
  }
  return found;
}
