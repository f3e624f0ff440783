import { readModelSummary } from "../onnx/read_model.ts";
import type { AxisSizes } from "./runtime/session.ts";

/**
 * The names of a model's dynamic axes, with the sizes that they have if its first input has these.
 *
 * @param path ONNX file; of one that cannot be read no axis is known.
 * @param dims sizes of the first input.
 */
export function fixedAxes(path: string, dims: readonly number[]): AxisSizes {
  const axes: Record<string, number> = {};
  for (const [i, axis] of declaredDims(path).entries()) {
    if (typeof axis === "number" || axis === "?") continue;
    // A name for two sizes cannot be fixed.
    if (dims[i] === undefined || dims[i] !== (axes[axis] ?? dims[i])) return {};
    axes[axis] = dims[i];
  }
  return axes;
}

function declaredDims(path: string) {
  try {
    return readModelSummary(path).inputs[0]?.dims ?? [];
  } catch (error) {
    // Loading it reports what is wrong.
    if (error instanceof RangeError) return [];
    throw error;
  }
}
