import { z } from "zod";
import { withoutScheme } from "../launch_text.ts";
import type { SourceDescriptor } from "../source.ts";
import { testSound } from "../source_bin.ts";

/** Silence, for a camera without a microphone. */
export const silence: SourceDescriptor<string> = {
  schemes: ["silence"],
  forms: {
    audio: {
      usage: ["silence://"],
      example: "silence://",
      address: z.string()
        .refine((text) => withoutScheme(text) === "", "must be silence:// and nothing after it"),
    },
  },
  packages: { audiotestsrc: "gstreamer1.0-plugins-base" },
  endless: () => "generated",
  launch: (_, request) => testSound("silence", request),
  probe: () => Promise.resolve({ status: "ok", detail: "generated" }),
};
