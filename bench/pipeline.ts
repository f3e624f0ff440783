import process from "node:process";
import { loadEngine } from "../src/pipeline/engine.ts";
import { SourceStream } from "../src/pipeline/stream.ts";
import { encodeEvent } from "../src/events/event_json.ts";
import { clipPipeline, MODEL, recordClip } from "./demo_clip.ts";
import { type BenchReport, median } from "./report.ts";

const RUNS = 7;

/** CPU time a hop of the whole pipeline behind the decoder, against the encoder and similarity runs it needs alone. */
export async function bench(): Promise<BenchReport> {
  const config = clipPipeline("fast", { jsonl: "unused.jsonl" });
  await using engine = await loadEngine(config, MODEL, () => {});
  const { encoders, similarity, manifest } = engine;
  const clip = await recordClip(manifest.image.width, manifest.image.height);
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
      room: () => Promise.resolve(),
    });
    const whole = await cpuMs(() => stream.run(new AbortController().signal));
    const { hops, steps, encodedFrames, encodedWindows, encodedSamples } = stream.stats();
    const length = Math.round(encodedSamples / encodedWindows);
    const bare = await cpuMs(async () => {
      let image = new Float32Array(0);
      for (let i = 0; i < encodedWindows; i++) {
        const at = share(i, sound.length - length, encodedWindows);
        const { features, dims } = await encoders.encodeAudio(sound.subarray(at, at + length));
        const last = share(i + 1, encodedFrames, encodedWindows);
        for (let f = share(i, encodedFrames, encodedWindows); f < last; f++) {
          image = (await encoders.encodeImages(clip.frames[f].data, 1)).features as typeof image;
        }
        const column = new Float32Array(manifest.channels);
        for (
          let s = share(i, steps, encodedWindows);
          s < share(i + 1, steps, encodedWindows);
          s++
        ) {
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

/** How many of `total` belong before part `i` of `parts`; the first part is not empty. */
const share = (i: number, total: number, parts: number) => Math.ceil(i * total / parts);

async function cpuMs(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
