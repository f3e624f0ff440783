import { fileURLToPath } from "node:url";
import { openCapture } from "../src/capture/capture.ts";
import type { AudioChunk, Capture, Frame } from "../src/capture/media.ts";
import { planCapture } from "../src/capture/plan.ts";
import { type PipelineConfig, pipelineSchema } from "../src/pipeline/schema.ts";

/** The folder of the shipped model and its clip. */
export const MODEL = fileURLToPath(new URL("../models/denseav-mini/", import.meta.url));

/** A pipeline on the demo clip, or another one, on one thread of the CPU. */
export function clipPipeline(
  pace: "live" | "fast",
  publish: object,
  uri = "demo.mkv",
): PipelineConfig {
  return pipelineSchema.parse({
    name: "bench",
    source: { uri, pace },
    model: "denseav-mini",
    runtime: { providers: ["cpu"], threads: 1 },
    publish,
  });
}

/** A whole clip in memory that plays as often as wanted. */
export interface RecordedClip {
  readonly frames: readonly Frame[];
  readonly chunks: readonly AudioChunk[];
  play(): Capture;
}

/** Decodes the demo clip, or its first seconds, into memory. */
export async function recordClip(
  width: number,
  height: number,
  seconds = Infinity,
): Promise<RecordedClip> {
  const { source } = clipPipeline("fast", { jsonl: "unused.jsonl" });
  const plan = planCapture(source, { width, height, sampleRate: 16000, folder: MODEL });
  await using capture = await openCapture(plan, { signal: new AbortController().signal });
  const recorded = await Promise.all([
    Array.fromAsync(capture.frames(), (frame) => ({ ...frame, data: frame.data.slice() })),
    Array.fromAsync(capture.audio(), (chunk) => ({ ...chunk, samples: chunk.samples.slice() })),
  ]);
  const wanted = ({ ptsNs }: { readonly ptsNs: number }) => ptsNs < seconds * 1e9;
  const frames = recorded[0].filter(wanted);
  const chunks = recorded[1].filter(wanted);
  const { geometry, epochZeroNs } = capture;
  const play = (): Capture => ({
    live: false,
    epochZeroNs,
    geometry,
    onNotice: undefined,
    level: undefined,
    frames: () => replay(frames),
    audio: () => replay(chunks),
    take: () => ({ frames, audio: chunks, ended: { frames: true, audio: true } }),
    damage: () => undefined,
    ends: () => ({}),
    stats: () => ({
      frames: 0,
      samples: 0,
      droppedFrames: 0,
      droppedAudioBuffers: 0,
      driftSamplesAdded: 0,
      driftSamplesRemoved: 0,
    }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
  return { frames, chunks, play };
}

async function* replay<T>(items: readonly T[]): AsyncGenerator<T> {
  for (const item of items) yield await Promise.resolve(item);
}
