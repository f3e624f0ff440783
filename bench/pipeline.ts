import process from "node:process";
import { loadEngine } from "../src/pipeline/engine.ts";
import { SourceStream } from "../src/pipeline/stream.ts";
import { encodeEvent } from "../src/events/event_json.ts";
import { clipPipeline, MODEL, recordClip } from "./demo_clip.ts";
import { type BenchReport, median } from "./report.ts";

const RUNS = 7;

/** CPU time a hop of the whole pipeline behind the decoder, against the same encoder runs alone. */
export async function bench(): Promise<BenchReport> {
  const config = clipPipeline("fast", { jsonl: "unused.jsonl" });
  await using engine = await loadEngine(config, MODEL, () => {});
  const { encoders, similarity, manifest } = engine;
  const clip = await recordClip(manifest.image.width, manifest.image.height);
  const window = new Float32Array(config.window.duration * 16000);
  const sound = Float32Array.from(clip.chunks.flatMap(({ samples }) => [...samples]));
  const margin = new Float32Array(manifest.image.grid.width * manifest.image.grid.height);
  const pipelineMs: number[] = [];
  const bareMs: number[] = [];
  let bytes = 0;
  for (let run = 0; run <= RUNS; run++) {
    const stream = new SourceStream(clip.play(), engine, config, {
      detected: ({ event }) => bytes += encodeEvent({ ...event, latency_ms: 0 }).length,
      active: () => {},
      clockSet: () => {},
    });
    const whole = await cpuMs(() => stream.run(new AbortController().signal));
    const { hops, steps, encodedFrames } = stream.stats();
    const bare = await cpuMs(async () => {
      let image = new Float32Array(0);
      for (let i = 0; i < hops; i++) {
        const at = Math.min(i * 3200, sound.length - window.length);
        window.set(sound.subarray(at, at + window.length));
        const { features, dims } = await encoders.encodeAudio(window);
        for (let f = share(i, encodedFrames, hops); f < share(i + 1, encodedFrames, hops); f++) {
          image = (await encoders.encodeImages(clip.frames[f].data, 1)).features as typeof image;
        }
        const column = new Float32Array(manifest.channels);
        for (let s = share(i, steps, hops); s < share(i + 1, steps, hops); s++) {
          column.forEach((_, c) => column[c] = features[c * dims[2]]);
          await similarity.compute({ audio: column, image, margin });
        }
      }
    });
    // The first round warms the caches.
    if (run > 0) {
      pipelineMs.push(whole / hops);
      bareMs.push(bare / hops);
    }
  }
  if (bytes === 0) throw new Error("the clip gave no event");
  const baseline = { what: "bare sessions", value: median(bareMs) };
  const figures = [{ what: "CPU time a hop", value: median(pipelineMs), unit: "ms", baseline }];
  return { name: "pipeline", basis: `median of ${RUNS}`, figures };
}

/** How many of `total` belong before part `i` of `parts`. */
const share = (i: number, total: number, parts: number) => Math.floor(i * total / parts);

async function cpuMs(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
