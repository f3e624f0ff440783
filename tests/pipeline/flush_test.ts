import assert from "node:assert/strict";
import { composePipeline } from "../../src/pipeline/compose.ts";
import { pipelineSchema } from "../../src/pipeline/schema.ts";
import { Clips, H264_PCM, picture, tone } from "../capture/media.ts";
import { eventually } from "../support/eventually.ts";

for (const pace of ["live", "fast"]) {
  Deno.test(`an abort ends the flush after a file has ended (pace ${pace})`, async () => {
    using clips = new Clips();
    const uri = await clips.make(...picture(10, 3), ...tone(3), ...H264_PCM, "a.mkv");
    const config = pipelineSchema.parse({
      name: "flush",
      source: { uri, pace },
      // No step of the clip is final before its end; then one hop after the other makes one of them final.
      window: { duration: "8s", hop: "80ms", lookahead: "7.9s" },
      model: "denseav-mini",
      runtime: { providers: ["cpu"], threads: 1 },
      publish: { jsonl: clips.path("events.jsonl") },
    });
    const pipeline = composePipeline(config, { folder: clips.folder, log: () => {} });
    const ending = new AbortController();
    const running = pipeline.run(ending.signal);
    await eventually("the flush is under way", () => pipeline.stats().steps.grounded >= 2);
    ending.abort();
    await running;
    const { grounded } = pipeline.stats().steps;
    assert.ok(grounded < 30, `${grounded} of 37 steps`);
  });
}
