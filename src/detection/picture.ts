import type { CameraConfig } from "./camera_schema.ts";
import type { FitGeometry } from "../core/fit_geometry.ts";

/** A position in 0..1 of a picture: x to the right, y down. */
export type Point = readonly [x: number, y: number];

const clamp = (value: number) => Math.min(1, Math.max(0, value));

/** Maps a position in the model's picture to the source picture; positions outside are moved to the edge. */
export function toSource([x, y]: Point, fit: FitGeometry): [number, number] {
  return [clamp((x - fit.offsetX) / fit.scaleX), clamp((y - fit.offsetY) / fit.scaleY)];
}

/** 1 for cells of a `[h, w]` grid whose center is inside the source picture, 0 for cells in a letterbox bar. */
export function cellsInPicture(fit: FitGeometry, width: number, height: number): Uint8Array {
  const inside = (value: number, scale: number, offset: number) => {
    const source = (value - offset) / scale;
    return source >= 0 && source <= 1;
  };
  return Uint8Array.from(
    { length: width * height },
    (_, i) =>
      Number(
        inside((i % width + 0.5) / width, fit.scaleX, fit.offsetX) &&
          inside((Math.floor(i / width) + 0.5) / height, fit.scaleY, fit.offsetY),
      ),
  );
}

/** Whether a position is inside a polygon, by the even-odd rule. */
export function inPolygon([x, y]: Point, polygon: readonly Point[]): boolean {
  let inside = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [xi, yi] = polygon[i];
    const [xj, yj] = polygon[j];
    if (yi > y !== yj > y && x < (xj - xi) * (y - yi) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}

/** Direction in radians; left and up are positive (ROS REP 103: x forward, y left, z up). */
export interface Bearing {
  readonly azimuth: number;
  readonly elevation: number;
}

/** Focal lengths and principal point in pixels of the source picture. */
export interface Pinhole {
  readonly fx: number;
  readonly fy: number;
  readonly cx: number;
  readonly cy: number;
}

/** A camera's optics; undefined if its configuration gives none. */
export function pinhole(camera: CameraConfig, fit: FitGeometry): Pinhole | undefined {
  const { sourceWidth: width, sourceHeight: height } = fit;
  const { fx, fy, cx, cy, hfov } = camera;
  if (hfov !== undefined) {
    const focal = width / 2 / Math.tan(hfov / 2);
    return { fx: focal, fy: focal, cx: width / 2, cy: height / 2 };
  }
  if (fx === undefined || fy === undefined || cx === undefined || cy === undefined) {
    return undefined;
  }
  return { fx, fy, cx, cy };
}

/**
 * Direction of a position in the source picture, for a pinhole camera.
 *
 * @returns undefined if the configuration has no optics.
 */
export function bearing(
  [x, y]: Point,
  camera: CameraConfig,
  fit: FitGeometry,
): Bearing | undefined {
  const optics = pinhole(camera, fit);
  if (optics === undefined) return undefined;
  const { fx, fy, cx, cy } = optics;
  const right = (x * fit.sourceWidth - cx) / fx;
  const down = (y * fit.sourceHeight - cy) / fy;
  return { azimuth: Math.atan2(-right, 1), elevation: Math.atan2(-down, Math.hypot(1, right)) };
}
