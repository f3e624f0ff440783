import assert from "node:assert/strict";
import { parse } from "yaml";
import { pipelineText } from "../../../src/cli/check/pipeline_text.ts";
import { pipelineSchema } from "../../../src/pipeline/schema.ts";

Deno.test("a checked pipeline is YAML whose lists are on one line, and reads back the same", () => {
  const config = pipelineSchema.parse({
    name: "front",
    source: { video: "test://ball", audio: "silence://" },
    model: "denseav-mini",
    runtime: { providers: ["cpu"] },
    detect: { zones: { left: [[0, 0], [0.5, 0], [0.5, 1], [0, 1]] } },
    publish: { jsonl: "events.jsonl" },
  });
  const text = pipelineText(config);
  assert.match(text, /^ {4}left: \[\[0, 0\], \[0\.5, 0\], \[0\.5, 1\], \[0, 1\]\]$/m);
  assert.match(text, /^ {2}providers: \[cpu\]$/m);
  assert.deepEqual(pipelineSchema.parse(parse(text)), config);
});
