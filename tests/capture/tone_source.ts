import { z } from "zod";
import { withoutScheme } from "../../src/capture/launch_text.ts";
import type { SourceDescriptor } from "../../src/capture/source.ts";

interface Tone {
  readonly hertz: number;
}

/** A source that Whence does not have: a tone with a white picture, `tone:HERTZ`. */
export const tone: SourceDescriptor<Tone> = {
  schemes: ["tone"],
  forms: {
    uri: {
      usage: ["tone:HERTZ"],
      example: "tone:440",
      address: z.string().regex(/^tone:\d+$/, "must be tone:HERTZ, such as tone:440")
        .transform((text) => ({ hertz: Number(withoutScheme(text)) })),
    },
  },
  endless: () => "generated",
  absent: ({ hertz }) => hertz > 8000 ? `Cannot play ${hertz} Hz: too high` : undefined,
  launch: ({ hertz }, { name, live, tail }) =>
    `videotestsrc name=${name} pattern=white is-live=${live} ! ${tail("video")}  ` +
    `audiotestsrc name=${name}_sound freq=${hertz} is-live=${live} ! ${tail("audio")}`,
  laterElements: () => ["sinesrc"],
  probe: ({ hertz }) => Promise.resolve({ status: "ok", detail: `${hertz} Hz` }),
  devices: () => [{ kind: "microphone", url: "tone:440", name: "concert pitch" }],
};
