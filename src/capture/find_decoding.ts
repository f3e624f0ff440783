import { CaptureError } from "./capture_error.ts";
import { isSwitchedOff } from "./decoder_ranks.ts";
import { inspectElements } from "./inspect.ts";
import {
  chooseDecoding,
  type DecodeMode,
  type Decoding,
  VIDEO_HARDWARE,
} from "./video_hardware.ts";

/**
 * What decodes video on this machine.
 *
 * @param isOff whether the process that captures must not use a decoder; default: whether this process must not.
 * @throws {CaptureError} when GStreamer is not installed, or `hardware` is wanted and there is none; permanent unless it is
 *   only switched off.
 */
export async function findDecoding(
  mode: DecodeMode,
  isOff: (element: string) => boolean = isSwitchedOff,
): Promise<Decoding> {
  const all = VIDEO_HARDWARE.flatMap(({ decoders, converter }) => [
    ...decoders,
    ...(converter === undefined ? [] : [converter]),
  ]);
  const findings = await inspectElements(all);
  const has = (element: string) =>
    findings.some((finding) => finding.element === element && finding.found);
  const decoding = chooseDecoding(mode, (element) => !isOff(element) && has(element));
  if (mode !== "hardware" || decoding.hardware !== undefined) return decoding;
  const path = ["source", "decode"];
  const off = all.find((element) => isOff(element) && has(element));
  if (off !== undefined) {
    throw new CaptureError(
      `Cannot decode in hardware: ${off} is switched off, because another source of this process decodes in software ` +
        "(set source.isolate)",
      path,
    );
  }
  const reason = decoding.reason.replace(/^[^:]+: /, "");
  throw new CaptureError(
    `Cannot decode in hardware: ${reason} (set source.decode: auto to decode in software)`,
    path,
    true,
  );
}
