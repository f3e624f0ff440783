import type { FitGeometry } from "../core/fit_geometry.ts";
import { resizeBilinear } from "../core/resize_bilinear.ts";
import { toSource } from "./picture.ts";

/** Where in the source picture something is, 0..1. */
export interface Region {
  readonly peak: [number, number];
  /** x1, y1, x2, y2 */
  readonly box: [number, number, number, number];
}

/** A heat map on the model's grid, row-major `[h, w]`. */
export interface HeatMap {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
}

/** Finer than a cell, so that boxes do not snap to the grid. */
const UPSAMPLING = 4;

/** Index of the highest value among the cells inside the picture. */
export function peakCell(values: Float32Array | Float64Array, counts: Uint8Array): number {
  let best = -1;
  for (let i = 0; i < values.length; i++) {
    if (counts[i] && (best < 0 || values[i] > values[best])) best = i;
  }
  return Math.max(best, 0);
}

/** The position of a heat map's highest cell in the source picture, finer than a cell. */
export function peakOf(map: HeatMap, counts: Uint8Array, fit: FitGeometry): [number, number] {
  const { width, height } = map;
  const values = map.values.map((value, i) => counts[i] ? Math.max(0, value) : 0);
  return toSource(peakIn({ width, height, values }, peakCell(map.values, counts)), fit);
}

/**
 * The peak of a heat map, finer than a cell, and the box around the connected region above `level` × the peak's height.
 *
 * @param map mean similarity over time steps; values below 0 count as 0.
 * @param counts `[h, w]`, 0 for cells outside the picture.
 */
export function regionOf(
  map: HeatMap,
  counts: Uint8Array,
  level: number,
  fit: FitGeometry,
): Region {
  const { width, height } = map;
  const values = map.values.map((value, i) => counts[i] ? Math.max(0, value) : 0);
  const cell = peakCell(map.values, counts);
  const [x, y] = peakIn({ width, height, values }, cell);
  const [left, top, right, bottom] = connectedBox({ width, height, values }, cell, level);
  const peak = toSource([x, y], fit);
  const [x1, y1] = toSource([Math.min(left, x), Math.min(top, y)], fit);
  const [x2, y2] = toSource([Math.max(right, x), Math.max(bottom, y)], fit);
  return { peak, box: [x1, y1, x2, y2] };
}

/** The peak around a cell in 0..1 of the map. */
function peakIn({ width, height, values }: HeatMap, cell: number): [number, number] {
  const column = cell % width;
  const row = Math.floor(cell / width);
  return [
    (column + 0.5 + vertex(values, cell, 1, column, width)) / width,
    (row + 0.5 + vertex(values, cell, width, row, height)) / height,
  ];
}

/** Offset, within half a cell, of the vertex of the parabola through a cell and its two neighbors along one axis. */
function vertex(
  values: Float32Array,
  cell: number,
  step: number,
  at: number,
  size: number,
): number {
  if (at === 0 || at === size - 1) return 0;
  const [before, here, after] = [values[cell - step], values[cell], values[cell + step]];
  const bend = before - 2 * here + after;
  return bend < 0 ? Math.min(0.5, Math.max(-0.5, (before - after) / (2 * bend))) : 0;
}

function connectedBox(map: HeatMap, cell: number, level: number): [number, number, number, number] {
  const size = { width: map.width * UPSAMPLING, height: map.height * UPSAMPLING };
  const fine = { ...size, values: resizeBilinear(map.values, map, size) };
  const middle = (at: number) => at * UPSAMPLING + UPSAMPLING / 2;
  const seed = middle(Math.floor(cell / map.width)) * fine.width + middle(cell % map.width);
  const threshold = level * map.values[cell];
  const seen = new Uint8Array(fine.values.length);
  const open = [seed];
  seen[seed] = 1;
  let [left, top, right, bottom] = [fine.width, fine.height, 0, 0];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const x = at % fine.width;
    const y = Math.floor(at / fine.width);
    left = Math.min(left, x);
    right = Math.max(right, x + 1);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y + 1);
    const visit = (next: number) => {
      if (!seen[next] && fine.values[next] > 0 && fine.values[next] >= threshold) {
        seen[next] = 1;
        open.push(next);
      }
    };
    if (x > 0) visit(at - 1);
    if (x < fine.width - 1) visit(at + 1);
    if (y > 0) visit(at - fine.width);
    if (y < fine.height - 1) visit(at + fine.width);
  }
  return [left / fine.width, top / fine.height, right / fine.width, bottom / fine.height];
}
