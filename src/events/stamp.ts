import type { WhenceEvent } from "./event.ts";

/** Seconds and nanoseconds since the epoch, as in ROS 2's builtin_interfaces/Time. */
export type Stamp = WhenceEvent["header"]["stamp"];

const NS_PER_S = 1_000_000_000n;

/**
 * Splits epoch nanoseconds exactly. Before the epoch `sec` is negative and `nanosec` still counts up
 * (builtin_interfaces/Time).
 */
export function stampFromNs(epochNs: bigint): Stamp {
  const rest = ((epochNs % NS_PER_S) + NS_PER_S) % NS_PER_S;
  return { sec: Number((epochNs - rest) / NS_PER_S), nanosec: Number(rest) };
}

/** Epoch nanoseconds of a stamp; exact. */
export function nsFromStamp(stamp: Stamp): bigint {
  return BigInt(stamp.sec) * NS_PER_S + BigInt(stamp.nanosec);
}

/** Epoch nanoseconds as seconds; a double resolves current times to 0.24 µs. */
export function secondsFromNs(epochNs: bigint): number {
  const { sec, nanosec } = stampFromNs(epochNs);
  return sec + nanosec / 1e9;
}
