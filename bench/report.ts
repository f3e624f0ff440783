/** How a benchmark is run. */
export interface BenchOptions {
  /** Measure less, for a first impression. */
  readonly quick: boolean;
}

/** One figure of a benchmark, with the baseline of the same run where there is one. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly baseline?: { readonly what: string; readonly value: number };
}

/** What a benchmark found. */
export interface BenchReport {
  readonly name: string;
  /** What the figures are taken from, such as `median of 7`. */
  readonly basis: string;
  readonly figures: readonly Figure[];
  /** Shown instead of the figures. */
  readonly text?: string;
}

/** Middle value; the mean of the two middle ones where their number is even. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** A report as text, a line a figure, ratios where there is a baseline. */
export function reportText({ name, basis, figures, text }: BenchReport): string {
  if (text !== undefined) return `${name} (${basis})\n\n${text}`;
  const rows = figures.map(({ what, value, unit, baseline }) => {
    const against = baseline && baseline.value !== 0
      ? `   ${(value / baseline.value).toFixed(2)} × ${baseline.what} (${
        baseline.value.toFixed(2)
      } ${unit})`
      : "";
    return `  ${what.padEnd(44)} ${value.toFixed(2).padStart(9)} ${unit}${against}`;
  });
  return [`${name} (${basis})`, ...rows].join("\n");
}
