import { z } from "zod";
import { completeGraph } from "../graph_text.ts";
import type { SourceDescriptor } from "../source.ts";

/** The user's own GStreamer launch text. */
export const graph: SourceDescriptor<string> = {
  schemes: [],
  forms: {
    graph: {
      usage: ["GStreamer launch text with appsinks named video and audio"],
      example: "videotestsrc ! appsink name=video audiotestsrc ! appsink name=audio",
      address: z.string(),
    },
  },
  picture: { decoded: "own" },
  reopens: true,
  endless: () => "no",
  launch: (text, { tail }) => completeGraph(text, tail("video"), tail("audio")),
  probe: () => Promise.resolve({ status: "none", detail: "" }),
};
