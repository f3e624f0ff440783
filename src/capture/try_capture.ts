import { openCapture } from "./capture.ts";
import { CaptureError } from "./capture_error.ts";
import { nextTick } from "./next_tick.ts";
import type { CapturePlan } from "./plan.ts";
import type { Probe } from "./source.ts";

const LOOK_MS = 20;

/**
 * Opens a source, waits for its first frame and samples, and closes it again.
 *
 * @param patienceMs how long opening may take, and the first data after that.
 */
export async function tryCapture(plan: CapturePlan, patienceMs = 10_000): Promise<Probe> {
  try {
    await using capture = await openCapture(plan, { openTimeoutMs: patienceMs });
    const deadlineMs = performance.now() + patienceMs;
    const came = { video: false, audio: false };
    while (!(came.video && came.audio)) {
      const { frames, audio, ended } = capture.take();
      came.video ||= frames.length > 0;
      came.audio ||= audio.length > 0;
      if (ended.frames && ended.audio || performance.now() > deadlineMs) break;
      if (!(came.video && came.audio)) await nextTick(LOOK_MS);
    }
    const lacking = (["video", "audio"] as const).filter((what) => !came[what]);
    if (lacking.length > 0) {
      return { status: "missing", detail: `it opens, but no ${lacking.join(" and no ")} arrives` };
    }
    const { sourceWidth, sourceHeight } = capture.geometry!;
    return { status: "ok", detail: `video ${sourceWidth}×${sourceHeight}, audio` };
  } catch (error) {
    if (!(error instanceof CaptureError)) throw error;
    // The camera may be in use by a running Whence.
    const status = /\bbusy\b|in use/i.test(error.message) ? "none" : "missing";
    return { status, detail: error.message };
  }
}
