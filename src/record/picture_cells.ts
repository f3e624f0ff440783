import type { FitGeometry } from "../core/fit_geometry.ts";
import type { Size } from "../core/resize_bilinear.ts";

/** Indices of the cells of a grid over the model's input whose center is in the source picture, not in a letterbox bar. */
export function pictureCells({ width, height }: Size, fit: FitGeometry): number[] {
  const inside = (model: number, scale: number, offset: number) =>
    model >= offset && model <= offset + scale;
  return Array.from({ length: width * height }, (_, i) => i).filter((i) =>
    inside((i % width + 0.5) / width, fit.scaleX, fit.offsetX) &&
    inside((Math.floor(i / width) + 0.5) / height, fit.scaleY, fit.offsetY)
  );
}
