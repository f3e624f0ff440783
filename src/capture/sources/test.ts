import { z } from "zod";
import { withoutScheme } from "../launch_text.ts";
import type { SourceDescriptor, SourceForm } from "../source.ts";
import { chained, testSound } from "../source_bin.ts";

/** Patterns of `videotestsrc`. */
const PATTERNS = [
  "smpte",
  "snow",
  "black",
  "white",
  "red",
  "green",
  "blue",
  "checkers-1",
  "checkers-2",
  "checkers-4",
  "checkers-8",
  "circular",
  "blink",
  "smpte75",
  "zone-plate",
  "gamut",
  "chroma-zone-plate",
  "ball",
  "smpte100",
  "bar",
  "pinwheel",
  "spokes",
  "gradient",
  "colors",
];

/** Waves of `audiotestsrc`. */
const WAVES = [
  "sine",
  "square",
  "saw",
  "triangle",
  "silence",
  "white-noise",
  "pink-noise",
  "sine-table",
  "ticks",
  "gaussian-noise",
  "red-noise",
  "blue-noise",
  "violet-noise",
];

interface TestAddress {
  /** A pattern of `videotestsrc` or a wave of `audiotestsrc`, depending on the key. */
  readonly name: string;
}

/** A moving test pattern and a test tone. */
export const test: SourceDescriptor<TestAddress> = {
  schemes: ["test"],
  forms: {
    video: oneOf(PATTERNS, "test://PATTERN", "test://ball"),
    audio: oneOf(WAVES, "test://WAVE", "test://sine"),
  },
  packages: {
    videotestsrc: "gstreamer1.0-plugins-base",
    audiotestsrc: "gstreamer1.0-plugins-base",
  },
  endless: () => "generated",
  launch: ({ name }, request) =>
    request.streams[0] === "audio" ? testSound(name, request) : chained(
      `videotestsrc name=${request.name} pattern=${name} is-live=${request.live} ! ` +
        "video/x-raw,width=640,height=360,framerate=30/1",
      request,
    ),
  probe: () => Promise.resolve({ status: "ok", detail: "generated" }),
};

function oneOf(names: readonly string[], usage: string, example: string): SourceForm<TestAddress> {
  return {
    usage: [usage],
    example,
    address: z.string().transform((text) => ({ name: withoutScheme(text) }))
      .refine(({ name }) => names.includes(name), `must be test:// and one of ${names.join(", ")}`),
  };
}
