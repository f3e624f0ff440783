import type { BusMessage } from "./bus.ts";
import { cannot, type CaptureError } from "./capture_error.ts";
import { installHint, packageOfMissing } from "./packages.ts";
import type { CapturePlan, StreamPlan } from "./plan.ts";
import { maskSecrets } from "../core/secrets.ts";
import { TAIL_HEAD } from "./sink_bin.ts";

/** Kinds of data that must be decoded; subtitles and the like are ignored. */
const NEEDED = /^(video|audio|image|application\/x-rtp|[^/]+$)/;

/** The error that a message on the bus means for its source; undefined for a mere warning. */
export function faultOf(message: BusMessage, plan: CapturePlan): CaptureError | undefined {
  const stream = blamed(message, plan);
  if (message.kind === "missing") {
    if (!NEEDED.test(message.detail)) return undefined;
    const hint = installHint(packageOfMissing(message.type ?? "", message.detail));
    return cannot(stream, `${message.text}${hint}`);
  }
  if (/delayed link/i.test(`${message.text} ${message.detail}`)) {
    for (const kind of ["video", "audio"] as const) {
      if (message.detail.includes(TAIL_HEAD[kind]) || message.element.startsWith(kind)) {
        return cannot(plan[kind], lack(kind));
      }
    }
  }
  if (message.kind === "warning") return undefined;
  if (/no suitable plugins found/.test(message.detail)) {
    return cannot(stream, lack(message.element));
  }
  const text = message.text === "Internal data stream error"
    ? "its data cannot be read"
    : maskSecrets(message.text);
  return cannot(stream, `${text} (${message.element})`);
}

function lack(element: string): string {
  if (element.startsWith("video")) return "it has no video stream";
  return element.startsWith("audio")
    ? "it has no audio stream"
    : "it has neither a video nor an audio stream";
}

function blamed(message: BusMessage, plan: CapturePlan): StreamPlan {
  return message.element.startsWith("audio") ? plan.audio : plan.video;
}
