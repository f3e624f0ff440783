/**
 * How the source picture maps to the model's: `model = scale · source + offset`, both in 0..1 of their picture.
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

/** How a picture is brought to the model's shape. */
export type Fit = "letterbox" | "crop" | "stretch";

/** A raw picture's size in stored pixels and the shape of one pixel. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
  /** Pixel aspect ratio, width : height of one pixel. */
  readonly parN: number;
  readonly parD: number;
}

/**
 * Where the source picture is in a model picture of `width × height` pixels, by the rounding that
 * GStreamer's `videoscale add-borders` and `aspectratiocrop` use: borders are whole pixels, the odd one
 * right or below; a crop takes the same number of whole pixels on both sides.
 */
export function fitGeometry(
  source: PictureSize,
  fit: Fit,
  width: number,
  height: number,
): FitGeometry {
  const size = {
    sourceWidth: Math.round(source.width * source.parN / source.parD),
    sourceHeight: source.height,
  };
  const whole = { ...size, scaleX: 1, scaleY: 1, offsetX: 0, offsetY: 0 };
  if (fit === "stretch") return whole;
  const shape = (source.width * source.parN) / (source.height * source.parD);
  if (fit === "letterbox") {
    const innerHeight = Math.floor(width / shape + 1e-9);
    if (innerHeight <= height) {
      const scaleY = innerHeight / height;
      return { ...whole, scaleY, offsetY: Math.floor((height - innerHeight) / 2) / height };
    }
    const innerWidth = Math.floor(height * shape + 1e-9);
    const scaleX = innerWidth / width;
    return { ...whole, scaleX, offsetX: Math.floor((width - innerWidth) / 2) / width };
  }
  const wanted = width / height;
  if (shape > wanted) {
    const left = Math.floor((source.width * (1 - wanted / shape)) / 2 + 1e-9);
    const kept = source.width - 2 * left;
    return { ...whole, scaleX: source.width / kept, offsetX: -left / kept };
  }
  const top = Math.floor((source.height * (1 - shape / wanted)) / 2 + 1e-9);
  const kept = source.height - 2 * top;
  return { ...whole, scaleY: source.height / kept, offsetY: -top / kept };
}
