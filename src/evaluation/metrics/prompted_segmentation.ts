import { averagePrecision, publishedAveragePrecision } from "./average_precision.ts";
import { scaledOverBatch } from "./heat_map.ts";
import { bestThresholdIou } from "./iou.ts";
import { mean } from "../../core/mean.ts";
import { resizeBilinear, type Size } from "../../core/resize_bilinear.ts";

/** One prompt: the model's map and the truth. */
export interface PromptedItem {
  readonly classId: number;
  /** Mean similarity over the prompt's time, `[grid.height, grid.width]`; all NaN if no time step belongs to it. */
  readonly map: Float32Array;
  /** `[size.height, size.width]`, 1 on the class's pixels. Called once per evaluation. */
  readonly truth: () => Uint8Array | Promise<Uint8Array>;
}

/** One class over all its pictures. */
export interface ClassResult {
  readonly classId: number;
  readonly items: number;
  /** NaN if no picture shows the class. */
  readonly ap: number;
  readonly iou: number;
}

/** Prompted segmentation over a data set. */
export interface SegmentationResult {
  readonly classes: readonly ClassResult[];
  readonly map: number;
  readonly miou: number;
  /** Items skipped because no time step of the clip belongs to their prompt. */
  readonly skippedItems: number;
  /** Classes skipped because no picture shows them. */
  readonly skippedClasses: number;
}

/**
 * Speech or sound prompted semantic segmentation (paper): pixels of all pictures of a class pooled, AP and the IoU at
 * the best threshold per class, then the mean over classes.
 *
 * `published` reproduces the original's faults: all maps of the set share one scale, so one prompt without time steps
 * makes everything NaN; a class that no picture shows makes the mean AP NaN. `corrected` skips and counts such items and
 * classes. Without them both give the same figures, because AP and the IoU at the best threshold do not change when all
 * scores of a class are shifted and scaled alike.
 *
 * @param grid size of the items' maps
 * @param size size of the truths, to which maps are interpolated
 */
export async function promptedSegmentation(
  items: readonly PromptedItem[],
  grid: Size,
  size: Size,
  variant: "published" | "corrected",
): Promise<SegmentationResult> {
  const published = variant === "published";
  const usable = published ? items : items.filter((item) => !item.map.some(Number.isNaN));
  const maps = published
    ? scaledOverBatch(usable.map((item) => item.map))
    : usable.map((item) => item.map);
  const byClass = Map.groupBy(usable.keys(), (i) => usable[i].classId);
  const classes: ClassResult[] = [];
  for (const classId of [...byClass.keys()].sort((a, b) => a - b)) {
    const indices = byClass.get(classId) ?? [];
    const scores = new Float32Array(indices.length * size.width * size.height);
    const truth = new Uint8Array(scores.length);
    for (const [position, i] of indices.entries()) {
      const start = position * size.width * size.height;
      scores.set(resizeBilinear(maps[i], grid, size), start);
      truth.set(await usable[i].truth(), start);
    }
    const ap = published ? publishedAveragePrecision : averagePrecision;
    classes.push({
      classId,
      items: indices.length,
      ap: scores.some(Number.isNaN) ? NaN : ap(scores, truth),
      iou: scores.some(Number.isNaN) ? NaN : bestThresholdIou(scores, truth),
    });
  }
  const counted = published ? classes : classes.filter((result) => !Number.isNaN(result.ap));
  return {
    classes,
    map: mean(counted.map((result) => result.ap)),
    miou: mean(counted.map((result) => result.iou)),
    skippedItems: items.length - usable.length,
    skippedClasses: classes.length - counted.length,
  };
}
