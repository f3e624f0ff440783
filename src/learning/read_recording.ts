import { openCapture } from "../capture/capture.ts";
import { planCapture } from "../capture/plan.ts";
import { sourceSchema } from "../capture/source_schema.ts";
import type { Manifest } from "../model/manifest.ts";

/** Pictures and sound of a recording. */
export interface ReadRecording {
  /** RGB pictures of the model's size, fitted as a pipeline does, and their times, s. */
  readonly pictures: readonly { readonly time: number; readonly data: Uint8Array }[];
  /** Mono, at the model's rate, from the first picture's time on. */
  readonly samples: Float32Array;
}

const FRAME_RATE = 2;
/** The rest of longer recordings is not used, s. */
const LONGEST_SECONDS = 60;

/**
 * Reads a recording.
 *
 * @throws {CaptureError} when it cannot be read.
 */
export async function readRecording(
  path: string,
  { image: { width, height }, audio: { sample_rate: sampleRate } }: Manifest,
  signal: AbortSignal,
): Promise<ReadRecording> {
  const source = sourceSchema.parse({
    uri: path,
    pace: "fast",
    frame_rate: FRAME_RATE,
    tolerate_damage: true,
  });
  const plan = planCapture(source, { width, height, sampleRate, folder: "." });
  await using capture = await openCapture(plan, { signal });
  const pictures: { time: number; data: Uint8Array }[] = [];
  const samples = new Float32Array(LONGEST_SECONDS * sampleRate);
  let end = 0;
  await Promise.all([
    (async () => {
      for await (const { ptsNs, data } of capture.frames()) {
        if (ptsNs < LONGEST_SECONDS * 1e9) {
          pictures.push({ time: ptsNs / 1e9, data: data.slice() });
        }
      }
    })(),
    (async () => {
      for await (const chunk of capture.audio()) {
        const at = Math.round(chunk.ptsNs / 1e9 * sampleRate);
        const part = chunk.samples.subarray(0, Math.max(0, samples.length - at));
        if (at >= 0 && part.length > 0) samples.set(part, at);
        end = Math.max(end, Math.min(samples.length, at + part.length));
      }
    })(),
  ]);
  signal.throwIfAborted();
  return { pictures, samples: samples.slice(0, end) };
}
