import { existsSync } from "node:fs";
import { basename } from "node:path";
import { z } from "zod";
import { readModelSummary } from "../../onnx/read_model.ts";
import { sha256Of } from "../checksum.ts";
import { ModelError } from "../manifest.ts";
import type { PreparedModel, ProviderOptions } from "../provider.ts";

/** Precisions that TensorRT may compute in; each one allows the ones before it, too. */
export const PRECISIONS = ["fp32", "fp16", "int8"] as const;
export type Precision = typeof PRECISIONS[number];

export const precisionSchema = z.enum(PRECISIONS).optional().describe(
  "TensorRT: arithmetic, fp16 by default. int8 needs a model with QuantizeLinear operators or, next to each of its .onnx files, " +
    "a calibration table with the ending .flatbuffers",
);

/** TensorRT's options for a precision. */
export function precisionOptions(precision: Precision): ProviderOptions {
  const half = precision !== "fp32";
  return {
    trt_fp16_enable: half ? "1" : "0",
    // Sums of squares leave half precision's range.
    trt_layer_norm_fp32_fallback: half ? "1" : "0",
    ...(precision === "int8" && { trt_int8_enable: "1" }),
  };
}

/** The precision that options ask for. */
export function precisionOf({ trt_int8_enable, trt_fp16_enable }: ProviderOptions): Precision {
  return trt_int8_enable === "1" ? "int8" : trt_fp16_enable === "1" ? "fp16" : "fp32";
}

/** What engines of different precisions or calibration tables differ in. */
export async function precisionKey(options: ProviderOptions): Promise<string> {
  const { trt_int8_calibration_table_name: table } = options;
  const precision = precisionOf(options);
  return table ? `${precision}-${(await sha256Of(table)).slice(0, 8)}` : precision;
}

/**
 * The options of int8 for one model: its calibration table, or none if the model itself has the scales of its numbers. A graph
 * built at load has neither and is computed in fp16.
 *
 * @throws {ModelError} when a file has neither.
 */
export function int8Options(
  options: ProviderOptions,
  { path }: Pick<PreparedModel, "path">,
): ProviderOptions {
  if (path === undefined) {
    const { trt_int8_enable: _, ...others } = options;
    return others;
  }
  const table = path.replace(/(\.onnx)?$/, ".flatbuffers");
  if (existsSync(table)) {
    return {
      ...options,
      trt_int8_calibration_table_name: table,
      // A table of ONNX Runtime's tools, not of TensorRT.
      trt_int8_use_native_calibration_table: "0",
    };
  }
  if (hasScales(path)) return options;
  throw new ModelError(
    `Cannot load ${path} in int8: it must have QuantizeLinear operators, or a calibration table ${
      basename(table)
    } next to it; set runtime.precision to fp16 to compute without either`,
  );
}

function hasScales(path: string): boolean {
  try {
    return readModelSummary(path).operators.has("QuantizeLinear");
  } catch (error) {
    // Loading it reports what is wrong.
    if (error instanceof RangeError) return true;
    throw error;
  }
}
