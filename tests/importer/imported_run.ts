import { composePipeline } from "../../src/pipeline/compose.ts";
import assert from "node:assert/strict";
import { join } from "node:path";
import { pipelineSchema } from "../../src/pipeline/schema.ts";
import { Clips, H264_PCM, picture, tone } from "../capture/media.ts";

/** What a pipeline with an imported model did with a clip. */
export interface ImportedRun {
  readonly hops: number;
  readonly steps: number;
  readonly encodedFrames: number;
  readonly log: string;
}

/** Runs a model folder on a clip of moving picture and tone, nothing dropped, and checks that it went through. */
export async function runImported(
  model: string,
  seconds: number,
  threads: number,
): Promise<ImportedRun> {
  using clips = new Clips();
  await clips.make(...picture(10, seconds), ...tone(seconds), ...H264_PCM, "clip.mkv");
  const log: string[] = [];
  const pipeline = composePipeline(
    pipelineSchema.parse({
      name: "imported",
      source: { uri: "clip.mkv", pace: "fast", frame_rate: 2 },
      model,
      window: { duration: "2s", hop: "1s", lookahead: "200ms" },
      runtime: { providers: ["cpu"], threads },
      publish: { jsonl: "events.jsonl" },
    }),
    { folder: clips.folder, log: (level, line) => void log.push(`${level} ${line}`) },
  );
  await pipeline.run(new AbortController().signal);
  const { hops: { run: hops }, steps: { grounded: steps }, frames: { encoded: encodedFrames } } =
    pipeline.stats();
  assert.ok(hops >= seconds, `${hops} hops`);
  // A feature every 180 ms, the last few of a clip excepted.
  assert.ok(steps >= Math.floor((seconds - 1) / 0.18), `${steps} steps`);
  assert.ok(encodedFrames >= seconds, `${encodedFrames} frames`);
  await Deno.stat(join(clips.folder, "events.jsonl"));
  return { hops, steps, encodedFrames, log: log.join("\n") };
}
