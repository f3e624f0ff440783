import assert from "node:assert/strict";
import { composePipeline } from "../../src/pipeline/compose.ts";
import { pipelineSchema } from "../../src/pipeline/schema.ts";
import { Clips, H264_PCM, picture, tone } from "../capture/media.ts";
import { eventually } from "../support/eventually.ts";

for (const pace of ["live", "fast"]) {
  Deno.test(`an abort ends the flush after a file has ended (pace ${pace})`, async () => {
    using clips = new Clips();
    const uri = await clips.make(...picture(10, 4), ...tone(4), ...H264_PCM, "a.mkv");
    const config = pipelineSchema.parse({
      name: "flush",
      source: { uri, pace },
      // 50 hops in the clip, 48 more until its last step is final, each with a step to ground.
      window: { duration: "4s", hop: "80ms", lookahead: "3.9s" },
      model: "denseav-mini",
      runtime: { providers: ["cpu"], threads: 1 },
      publish: { jsonl: clips.path("events.jsonl") },
    });
    const pipeline = composePipeline(config, { folder: clips.folder, log: () => {} });
    const ending = new AbortController();
    const running = pipeline.run(ending.signal);
    await eventually("the flush is under way", () => pipeline.stats().hops.run >= 54);
    ending.abort();
    await running;
    assert.ok(pipeline.stats().hops.run < 92, `${pipeline.stats().hops.run} hops`);
  });
}
