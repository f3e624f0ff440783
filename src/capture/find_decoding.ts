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
 * @throws {CaptureError} when GStreamer is not installed, or `hardware` is wanted and there is none.
 */
export async function findDecoding(mode: DecodeMode): Promise<Decoding> {
  const all = VIDEO_HARDWARE.flatMap(({ decoders, converter }) => [
    ...decoders,
    ...(converter === undefined ? [] : [converter]),
  ]);
  const findings = await inspectElements(all);
  const has = (element: string) =>
    !isSwitchedOff(element) &&
    findings.some((finding) => finding.element === element && finding.found);
  const decoding = chooseDecoding(mode, has);
  if (mode === "hardware" && decoding.hardware === undefined) {
    const reason = decoding.reason.replace(/^software: /, "");
    throw new CaptureError(
      `Cannot decode in hardware: ${reason} (source.decode: auto decodes in software then)`,
      ["source", "decode"],
      true,
    );
  }
  return decoding;
}
