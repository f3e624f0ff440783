import type { FitGeometry } from "../core/fit_geometry.ts";
import { resizeBilinear } from "../core/resize_bilinear.ts";

/** A map over the model's picture. */
export interface GridMap {
  /** Row-major `[height, width]`. */
  readonly values: Float32Array;
  readonly width: number;
  readonly height: number;
}

/** Steps between two cells, so that the outline is smooth. */
const FINER = 4;

/**
 * The outline of where a map is at or above `level` × its highest value, as data of an SVG path.
 *
 * @param fit where the source picture is in the model's.
 * @param size of the picture that the path is drawn over, pixels.
 * @returns empty if the map is nowhere positive.
 */
export function contourPath(
  map: GridMap,
  level: number,
  fit: FitGeometry,
  size: { readonly width: number; readonly height: number },
): string {
  const width = map.width * FINER;
  const height = map.height * FINER;
  const values = resizeBilinear(map.values, map, { width, height });
  const highest = values.reduce((a, b) => Math.max(a, b), 0);
  if (highest <= 0) return "";
  const limit = level * highest;
  // Beyond the grid it is 0, so that outlines close at its edge.
  const at = (x: number, y: number) =>
    x < 0 || y < 0 || x >= width || y >= height ? 0 : values[y * width + x];
  const point = (x: number, y: number) => {
    const across = (((x + 0.5) / width) - fit.offsetX) / fit.scaleX * size.width;
    const down = (((y + 0.5) / height) - fit.offsetY) / fit.scaleY * size.height;
    return `${across.toFixed(1)} ${down.toFixed(1)}`;
  };
  const parts: string[] = [];
  for (let y = -1; y < height; y++) {
    for (let x = -1; x < width; x++) {
      const corners = [at(x, y), at(x + 1, y), at(x + 1, y + 1), at(x, y + 1)];
      const share = (a: number, b: number) => (limit - corners[a]) / (corners[b] - corners[a]);
      // The points where the outline crosses the top, right, bottom and left side.
      const sides = [
        () => point(x + share(0, 1), y),
        () => point(x + 1, y + share(1, 2)),
        () => point(x + share(3, 2), y + 1),
        () => point(x, y + share(0, 3)),
      ];
      const up = corners.map((value) => value >= limit);
      const crossed = sides.filter((_, i) => up[i] !== up[(i + 1) % 4]);
      for (let i = 0; i + 1 < crossed.length; i += 2) {
        parts.push(`M${crossed[i]()}L${crossed[i + 1]()}`);
      }
    }
  }
  return parts.join("");
}
