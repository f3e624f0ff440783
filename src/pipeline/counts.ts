/** Named counters. */
export type Counts = Readonly<Partial<Record<string, number>>>;

/** Adds counters of the same names. */
export function sumCounts(a: Counts, b: Counts): Counts {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return Object.fromEntries([...keys].map((key) => [key, (a[key] ?? 0) + (b[key] ?? 0)]));
}
