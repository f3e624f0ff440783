/** A time as Foxglove's schemas write it. */
export interface Time {
  readonly sec: number;
  readonly nsec: number;
}

/** Epoch nanoseconds as seconds and nanoseconds. */
export function timeOf(epochNs: bigint): Time {
  return { sec: Number(epochNs / 1_000_000_000n), nsec: Number(epochNs % 1_000_000_000n) };
}
