import { inspectElements } from "./inspect.ts";

/** Elements that encode JPEG, the preferred one first; plugins of hardware that is absent register none. */
const ENCODERS = ["nvjpegenc", "vajpegenc", "vaapijpegenc", "jpegenc"];

/**
 * The element that encodes camera pictures on this machine: in hardware if there is any.
 *
 * @throws {CaptureError} when GStreamer is not installed.
 */
export async function jpegEncoder(): Promise<string> {
  const found = (await inspectElements(ENCODERS)).find(({ found }) => found);
  // Opening the source names the package if even that is missing.
  return found?.element ?? "jpegenc";
}
