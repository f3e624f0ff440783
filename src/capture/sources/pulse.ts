import { z } from "zod";
import { quoted, withoutScheme } from "../launch_text.ts";
import type { SourceDescriptor } from "../source.ts";
import { chained, MICROPHONE } from "../source_bin.ts";

interface MicrophoneAddress {
  /** Empty for the default microphone. */
  readonly device: string;
}

/** A microphone of PulseAudio or PipeWire. */
export const pulse: SourceDescriptor<MicrophoneAddress> = {
  schemes: ["pulse"],
  forms: {
    audio: {
      usage: ["pulse://"],
      example: "pulse://",
      address: z.string().transform((text) => ({ device: withoutScheme(text) })),
    },
  },
  packages: { pulsesrc: "gstreamer1.0-pulseaudio" },
  endless: () => "device",
  launch({ device }, request) {
    const named = device === "" ? "" : ` device=${quoted(device)}`;
    return chained(`pulsesrc name=${request.name}${named} ${MICROPHONE}`, request);
  },
  probe: () => Promise.resolve({ status: "none", detail: "" }),
};
