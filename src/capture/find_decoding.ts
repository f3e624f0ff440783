import { CaptureError } from "./capture_error.ts";
import { cString } from "../core/c_string.ts";
import { inspectElements } from "./inspect.ts";
import { loadNative, type Native } from "./native.ts";
import {
  chooseDecoding,
  type DecodeMode,
  type Decoding,
  VIDEO_HARDWARE,
} from "./video_hardware.ts";

/** Above the decoders of GStreamer's own (256) and of libav (257), and above NVIDIA's (267). */
const PREFERRED = 300;
const NEVER = 0;
const FACTORY_CLASS = cString("klass");

/** Decoders that this process must not use any more. */
const switchedOff = new Set<string>();

/**
 * What decodes video on this machine. Hardware decoders that are chosen are preferred from then on in this process.
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
    !switchedOff.has(element) &&
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
  const native = await loadNative();
  if (decoding.hardware) rank(native, decoding.hardware.decoders, PREFERRED);
  const decoders = VIDEO_HARDWARE.flatMap((hardware) => hardware.decoders);
  if (decoding.software) await switchOff(decoders.filter(has));
  return decoding;
}

/**
 * Makes sure that decodebin's `force-sw-decoders` excludes these decoders. It knows hardware by its class, which NVIDIA's
 * decoders do not state: those are switched off for all pipelines of the process.
 */
export async function switchOff(decoders: readonly string[]): Promise<void> {
  const native = await loadNative();
  const unknown = decoders.filter((element) => !isKnown(native, element));
  rank(native, unknown, NEVER);
  for (const element of unknown) switchedOff.add(element);
}

function rank(native: Native, elements: readonly string[], value: number): void {
  for (const element of elements) {
    withFactory(native, element, (factory) => native.gst_plugin_feature_set_rank(factory, value));
  }
}

/** Whether GStreamer knows that it is hardware. */
function isKnown(native: Native, element: string): boolean {
  let text = "";
  withFactory(native, element, (factory) => {
    const value = native.gst_element_factory_get_metadata(factory, FACTORY_CLASS);
    text = value === null ? "" : new Deno.UnsafePointerView(value).getCString();
  });
  return text.includes("Hardware");
}

function withFactory(
  native: Native,
  element: string,
  use: (factory: Deno.PointerObject) => void,
): void {
  const factory = native.gst_element_factory_find(cString(element));
  if (factory === null) return;
  use(factory);
  native.gst_object_unref(factory);
}
