/**
 * How the source picture lies in the model's: `model = scale · source + offset`, both in 0..1 of their picture.
 * Letterbox has scales ≤ 1, crop ≥ 1, stretch 1 with offset 0.
 */
export interface FitGeometry {
  /** Source size in pixels as shown: pixel aspect ratio already applied. */
  readonly sourceWidth: number;
  readonly sourceHeight: number;
  readonly scaleX: number;
  readonly scaleY: number;
  readonly offsetX: number;
  readonly offsetY: number;
}
