import humanFormat from "human-format";

/** `1.37 GB`, `45.3 MB`, `812 B`; SI prefixes. */
export function bytesText(bytes: number): string {
  return withPrefix(Math.round(bytes), "B");
}

/** `45.1 GFLOP`. */
export function flopsText(flops: number): string {
  return withPrefix(flops, "FLOP");
}

/** `344 M`. */
export function countText(count: number): string {
  return withPrefix(count, "");
}

/** `1 word`, `2 words`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** Three significant digits. */
function withPrefix(value: number, unit: string): string {
  return humanFormat(Number(value.toPrecision(3)), { unit }).trim();
}
