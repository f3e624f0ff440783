import { openCapture } from "./capture.ts";
import { CaptureError } from "./capture_error.ts";
import { nextTick } from "./next_tick.ts";
import type { CapturePlan } from "./plan.ts";
import type { Probe } from "./source.ts";

const LOOK_MS = 20;

/**
 * Opens a source, waits for its first frame and its first sound, and closes it again.
 *
 * @param patienceMs how long opening may take, and the first data after that.
 */
export async function tryCapture(plan: CapturePlan, patienceMs = 10_000): Promise<Probe> {
  try {
    await using capture = await openCapture(plan, { openTimeoutMs: patienceMs });
    const deadlineMs = performance.now() + patienceMs;
    const came = { picture: false, sound: false };
    while (!(came.picture && came.sound)) {
      const { frames, audio, ended } = capture.take();
      came.picture ||= frames.length > 0;
      came.sound ||= audio.length > 0;
      if (ended.frames && ended.audio || performance.now() > deadlineMs) break;
      if (!(came.picture && came.sound)) await nextTick(LOOK_MS);
    }
    const lacking = (["picture", "sound"] as const).filter((what) => !came[what]);
    if (lacking.length > 0) {
      return { status: "missing", detail: `it opens, but brings no ${lacking.join(" and no ")}` };
    }
    const { sourceWidth, sourceHeight } = capture.geometry!;
    return { status: "ok", detail: `picture ${sourceWidth}×${sourceHeight}, sound` };
  } catch (error) {
    if (!(error instanceof CaptureError)) throw error;
    // A camera that Whence itself uses at the time is no fault.
    const status = /\bbusy\b|in use/i.test(error.message) ? "none" : "missing";
    return { status, detail: error.message };
  }
}
