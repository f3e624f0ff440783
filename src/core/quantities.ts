/** `1.37 GB`, `45.3 MB`, `812 B`. */
export function bytesText(bytes: number): string {
  return scaled(bytes, ["B", "kB", "MB", "GB", "TB"]);
}

/** `45.1 GFLOP`. */
export function flopsText(flops: number): string {
  return scaled(flops, ["FLOP", "kFLOP", "MFLOP", "GFLOP", "TFLOP"]);
}

/** `343.7 M`. */
export function countText(count: number): string {
  return scaled(count, ["", "k", "M", "G"]).trim();
}

function scaled(value: number, units: readonly string[]): string {
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${units[unit]}`;
}
