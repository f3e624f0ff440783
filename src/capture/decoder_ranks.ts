import { cString, readCString } from "../core/c_string.ts";
import type { Native } from "./native.ts";
import type { CapturePlan } from "./plan.ts";
import { VIDEO_HARDWARE } from "./video_hardware.ts";

/** Above the decoders of GStreamer's own (256) and of libav (257), and above NVIDIA's (267). */
const PREFERRED = 300;
const NEVER = 0;
const CLASS = cString("klass");

/** Decoders that this process must not use while a pipeline decodes in software. */
const switchedOff = new Set<string>();
/** Pipelines that decode in software. */
let software = 0;

/** Whether a decoder is switched off in this process. */
export function isSwitchedOff(element: string): boolean {
  return switchedOff.has(element);
}

/**
 * Ranks this process's decoders before a pipeline is built: GStreamer takes the highest rank.
 *
 * For software, decodebin's `force-sw-decoders` excludes what GStreamer knows as hardware by its class. NVIDIA's decoders do
 * not state it: those are switched off for all pipelines of the process until those in software have ended.
 *
 * @returns to be called once when the pipeline has ended.
 */
export function rankDecoders(
  native: Native,
  plan: Pick<CapturePlan, "hardware" | "software">,
): () => void {
  if (!plan.software) {
    for (const element of plan.hardware) {
      if (!switchedOff.has(element)) rank(native, element, () => PREFERRED);
    }
    return () => {};
  }
  software++;
  for (const element of VIDEO_HARDWARE.flatMap(({ decoders }) => decoders)) {
    rank(native, element, (factory) => {
      const type = readCString(native.gst_element_factory_get_metadata(factory, CLASS));
      if (type.includes("Hardware")) return undefined;
      switchedOff.add(element);
      return NEVER;
    });
  }
  return () => {
    // The next plan with hardware ranks it again.
    if (--software === 0) switchedOff.clear();
  };
}

/** Sets the rank of an element if it is installed, unless `choose` returns undefined. */
function rank(
  native: Native,
  element: string,
  choose: (factory: Deno.PointerObject) => number | undefined,
): void {
  const factory = native.gst_element_factory_find(cString(element));
  if (factory === null) return;
  const value = choose(factory);
  if (value !== undefined) native.gst_plugin_feature_set_rank(factory, value);
  native.gst_object_unref(factory);
}
