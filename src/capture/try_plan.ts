import { CaptureError } from "./capture_error.ts";
import { GstPipeline } from "./gst_pipeline.ts";
import { inspectElements } from "./inspect.ts";
import type { CapturePlan } from "./plan.ts";
import { requirePlan } from "./require_plan.ts";

/**
 * The error in a plan's launch text, found without opening anything; undefined when it builds, and when GStreamer or one of
 * the elements is not installed.
 */
export async function tryPlan(plan: CapturePlan): Promise<CaptureError | undefined> {
  const findings = await inspectElements(plan.elements).catch(() => undefined);
  if (findings === undefined || findings.some(({ found }) => !found)) return undefined;
  try {
    await requirePlan(plan);
    const pipeline = await GstPipeline.build(plan);
    await pipeline.stop();
    return undefined;
  } catch (error) {
    if (error instanceof CaptureError) return error;
    throw error;
  }
}
