import { unlessAborted } from "../core/unless_aborted.ts";
import { CaptureError } from "./capture_error.ts";
import { failureOfHardware, recordFailedHardware } from "./failed_hardware.ts";
import type { CapturePipeline } from "./capture_pipeline.ts";
import { GstCapture } from "./gst_capture.ts";
import { GstPipeline } from "./gst_pipeline.ts";
import { ChildPipeline } from "./isolated/child_pipeline.ts";
import { ffiBinding } from "./isolated/ffi_binding.ts";
import { superficialBinding } from "./isolated/superficial/superficial_binding.ts";
import type { Capture } from "./media.ts";
import type { CapturePlan } from "./plan.ts";
import { requirePlan } from "./require_plan.ts";

/** How a capture is opened. */
export interface CaptureOptions {
  /** Stops the capture: its streams end as if the source had ended. */
  readonly signal?: AbortSignal;
  /** A stream without data for so long is reported as starved; ms. */
  readonly starvedAfterMs?: number;
  /** A device that has delivered and then gives no data for so long has failed; ms, more than `starvedAfterMs`. */
  readonly stalledAfterMs?: number;
  /** How long the source may take to open, and a file to deliver its first frame and samples; ms. */
  readonly openTimeoutMs?: number;
}

/**
 * Starts a source.
 *
 * Both streams must be read: with `pace: fast` an unread one blocks the other.
 *
 * @throws {CaptureError} when the source cannot be opened, or not in time.
 * @example
 * ```ts
 * const plan = planCapture(config.source, { width: 224, height: 224, sampleRate: 16000, folder: "." });
 * await using capture = await openCapture(plan, { signal });
 * for await (const frame of capture.frames()) console.log(frame.ptsNs);
 * ```
 */
export async function openCapture(
  plan: CapturePlan,
  options: CaptureOptions = {},
): Promise<Capture> {
  const { fallback } = plan;
  if (fallback === undefined) return await openPlan(plan, options);
  const known = failureOfHardware(plan.launch);
  if (known !== undefined) return await openPlan(fallback, options, known);
  let reason: string | undefined;
  try {
    return await openPlan(plan, options, undefined, (element, error) => {
      reason = `${element} failed (${error.message}); video is decoded in software`;
    });
  } catch (error) {
    if (reason === undefined) throw error;
  }
  const capture = await openPlan(fallback, options, reason);
  // Only now is it sure that the hardware was to blame.
  recordFailedHardware(plan.launch, reason);
  return capture;
}

/**
 * @param warning the first notice of the capture.
 * @param blame called when it failed to start, with the hardware element that may have caused it.
 */
async function openPlan(
  plan: CapturePlan,
  options: CaptureOptions,
  warning?: string,
  blame?: (element: string, error: CaptureError) => void,
): Promise<Capture> {
  const { signal, starvedAfterMs = 2_000, stalledAfterMs = 5_000, openTimeoutMs = 10_000 } =
    options;
  signal?.throwIfAborted();
  const pipeline = await unlessAborted(build(plan), signal, (late) => late.stop());
  const capture = new GstCapture(pipeline, plan, { starvedAfterMs, stalledAfterMs }, warning);
  try {
    await capture.start(openTimeoutMs, signal);
  } catch (error) {
    const blamed = error instanceof CaptureError ? blamedFor(capture, pipeline, plan) : undefined;
    if (blamed !== undefined) blame?.(blamed, error as CaptureError);
    await capture[Symbol.asyncDispose]();
    throw error;
  }
  return capture;
}

/** What to blame for a start that failed; a process that crashed cannot tell which decoder it used. */
function blamedFor(
  { blamed }: GstCapture,
  { crashed = false }: CapturePipeline,
  { hardware }: CapturePlan,
): string | undefined {
  return blamed ?? (crashed && hardware.length > 0 ? "hardware decoding" : undefined);
}

async function build(plan: CapturePlan): Promise<CapturePipeline> {
  await requirePlan(plan);
  if (plan.binding === "superficial") return new ChildPipeline(plan, superficialBinding());
  return plan.isolate ? new ChildPipeline(plan, ffiBinding()) : await GstPipeline.build(plan);
}
