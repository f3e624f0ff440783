import { openCapture } from "./capture.ts";
import { CaptureError } from "./capture_error.ts";
import { inspectElements } from "./inspect.ts";
import { nextTick } from "./next_tick.ts";
import { planCapture } from "./plan.ts";
import { sourceSchema } from "./source_schema.ts";

/**
 * Elements that encode JPEG, the preferred one first: of NVIDIA, of Intel and AMD, of drivers of Linux such as a Raspberry Pi's, and
 * in software. Plugins of hardware that is absent register none.
 */
const ENCODERS = ["nvjpegenc", "vajpegenc", "vaapijpegenc", "v4l2jpegenc", "jpegenc"];

/** A moment of a test picture; as live as a camera. */
const TRIAL = "videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=30/1 " +
  "! appsink name=video  audiotestsrc is-live=true ! appsink name=audio";
/** How long a trial may take; drivers that are loaded first need seconds. */
const TRIAL_MS = 10_000;
const LOOK_MS = 20;

let chosen: Promise<string> | undefined;

/**
 * The element that encodes camera pictures on this machine: in hardware if there is any that works. It is looked for once a process.
 *
 * @throws {CaptureError} when GStreamer is not installed.
 */
export function jpegEncoder(): Promise<string> {
  chosen ??= chooseJpegEncoder(ENCODERS).catch((error) => {
    chosen = undefined;
    throw error;
  });
  return chosen;
}

/**
 * The first of these elements that is installed and works; the last one is not tried.
 *
 * @param encoders launch texts of one element each.
 */
export async function chooseJpegEncoder(encoders: readonly string[]): Promise<string> {
  const last = encoders.at(-1)!;
  const found = await inspectElements(encoders.map((text) => text.split(" ")[0]));
  for (const [i, encoder] of encoders.entries()) {
    // Opening the source names the package if even the last one is missing.
    if (encoder === last || found[i].found && await encodesJpeg(encoder)) return encoder;
  }
  return last;
}

/**
 * Whether an element encodes a picture: hardware may be busy or out of reach although its element is installed. It is tried in a
 * child process, because a driver may crash.
 */
async function encodesJpeg(encoder: string): Promise<boolean> {
  const plan = planCapture(sourceSchema.parse({ graph: TRIAL, pace: "live", isolate: true }), {
    width: 64,
    height: 64,
    sampleRate: 16_000,
    folder: ".",
    jpeg: encoder,
  });
  try {
    await using capture = await openCapture(plan, { openTimeoutMs: TRIAL_MS });
    const branch = capture.pictures!;
    branch.encode(true);
    const deadlineMs = performance.now() + TRIAL_MS;
    while (performance.now() < deadlineMs) {
      capture.take();
      const [picture] = branch.take();
      if (picture !== undefined) return picture.jpeg[0] === 0xff && picture.jpeg[1] === 0xd8;
      await nextTick(LOOK_MS);
    }
  } catch (error) {
    if (!(error instanceof CaptureError)) throw error;
  }
  return false;
}
