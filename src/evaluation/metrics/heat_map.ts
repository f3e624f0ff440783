import { resizeBilinear, type Size } from "../../core/resize_bilinear.ts";

/**
 * Mean of a similarity volume over the time steps that a mask selects (paper, prompted segmentation).
 *
 * @param volume `[steps, cells]`, one similarity per time step and cell of the image grid
 * @param mask one weight per step, usually 0 or 1
 * @returns `[cells]`; all NaN if the mask is empty
 */
export function meanOverTime(volume: Float32Array, mask: ArrayLike<number>): Float32Array {
  const cells = volume.length / mask.length;
  const sums = new Float64Array(cells);
  let weights = 0;
  for (let step = 0; step < mask.length; step++) {
    const weight = mask[step];
    if (weight === 0) continue;
    weights += weight;
    const start = step * cells;
    for (let cell = 0; cell < cells; cell++) sums[cell] += weight * volume[start + cell];
  }
  return Float32Array.from(sums, (sum) => sum / weights);
}

/**
 * Heat maps as the original's evaluation computes them: masked time mean, then shifted and scaled to 0..1 by the smallest
 * and largest value of the *whole batch*, then bilinear. One empty mask therefore makes every map NaN.
 *
 * @param volumes one `[steps, grid.height, grid.width]` per item
 * @param masks one `[steps]` per item
 * @returns one row-major `[size.height, size.width]` per item
 */
export function publishedHeatMaps(
  volumes: readonly Float32Array[],
  masks: readonly ArrayLike<number>[],
  grid: Size,
  size: Size,
): Float32Array[] {
  const maps = volumes.map((volume, i) => meanOverTime(volume, masks[i]));
  return scaledOverBatch(maps).map((map) => resizeBilinear(map, grid, size));
}

/**
 * Shifts and scales maps to 0..1 by the extremes of all of them together, NaN if any value is NaN.
 *
 * @param maps maps of any size, which may differ
 */
export function scaledOverBatch(maps: readonly Float32Array[]): Float32Array[] {
  const { low, high } = extremes(maps);
  const range = Math.fround(high - low);
  return maps.map((map) => map.map((value) => Math.fround(value - low) / range));
}

/**
 * A heat map scaled to 0..1 by its own extremes, independent of other pictures. A constant map, which locates nothing,
 * becomes 0 everywhere.
 */
export function scaledAlone(map: Float32Array): Float32Array {
  const { low, high } = extremes([map]);
  return high > low ? map.map((value) => (value - low) / (high - low)) : map.map(() => 0);
}

/** Index of the largest value, the first of several. */
export function peakIndex(map: Float32Array): number {
  let best = 0;
  for (let i = 1; i < map.length; i++) if (map[i] > map[best]) best = i;
  return best;
}

/** Smallest and largest value; both NaN if any value is NaN. */
export function extremes(maps: readonly Float32Array[]): { low: number; high: number } {
  let low = Infinity;
  let high = -Infinity;
  for (const map of maps) {
    for (const value of map) {
      if (Number.isNaN(value)) return { low: NaN, high: NaN };
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return { low, high };
}
