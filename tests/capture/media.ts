import assert from "node:assert/strict";
import { join } from "node:path";
import { openCapture } from "../../src/capture/capture.ts";
import type { AudioChunk, Capture, Frame } from "../../src/capture/media.ts";
import { type CapturePlan, planCapture } from "../../src/capture/plan.ts";
import { sourceSchema } from "../../src/capture/source_schema.ts";

/** A folder of its own for the clips of one test file; gone when the test is over. */
export class Clips implements Disposable {
  readonly folder = Deno.makeTempDirSync({ prefix: "whence-clips-" });

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Runs ffmpeg in the folder; the last argument is the file it makes. */
  async make(...args: string[]): Promise<string> {
    const { success, stderr } = await new Deno.Command("ffmpeg", {
      args: ["-v", "error", "-nostdin", "-y", "-threads", "1", ...args],
      cwd: this.folder,
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    return this.path(args[args.length - 1]);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.folder, { recursive: true });
  }
}

/** ffmpeg's arguments for a moving picture that is quick to encode. */
export function picture(rate: number, seconds: number, size = "160x90"): string[] {
  return ["-f", "lavfi", "-i", `testsrc2=s=${size}:r=${rate}:d=${seconds}`];
}

/** ffmpeg's arguments for a tone at 16 kHz. */
export function tone(seconds: number): string[] {
  return ["-f", "lavfi", "-i", `sine=f=440:r=16000:d=${seconds}`];
}

/** H.264 and exact samples. */
export const H264_PCM = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a pcm_s16le".split(" ");

/** The plan of a source block, for frames of 64 × 64 if not said otherwise. */
export function planOf(
  source: Record<string, unknown>,
  { width = 64, height = 64, folder = "/", jpeg, releases }: {
    width?: number;
    height?: number;
    folder?: string;
    jpeg?: string;
    releases?: boolean;
  } = {},
): CapturePlan {
  const options = { width, height, sampleRate: 16000, folder, jpeg, releases };
  return planCapture(sourceSchema.parse(source), options);
}

/** What a capture brought. */
export interface Recording {
  readonly frames: Frame[];
  readonly chunks: AudioChunk[];
  readonly capture: Capture;
}

/** Reads a source to its end, or until both streams have passed `seconds`. */
export async function record(plan: CapturePlan, seconds = Infinity): Promise<Recording> {
  await using capture = await openCapture(plan);
  const [frames, chunks] = await Promise.all([
    until(capture.frames(), seconds),
    until(capture.audio(), seconds),
  ]);
  return { frames, chunks, capture };
}

async function until<Item extends { ptsNs: number }>(
  stream: AsyncIterable<Item>,
  seconds: number,
): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of stream) {
    items.push(item);
    if (item.ptsNs >= seconds * 1e9) break;
  }
  return items;
}

/** All samples of a recording after each other. */
export function samplesOf(chunks: readonly AudioChunk[]): Float32Array {
  const all = new Float32Array(chunks.reduce((sum, chunk) => sum + chunk.samples.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk.samples, at);
    at += chunk.samples.length;
  }
  return all;
}

/** Places where the samples do not follow each other: [end, next start] in seconds. */
export function jumpsOf(chunks: readonly AudioChunk[]): [number, number][] {
  return chunks.slice(1).flatMap((chunk, index) => {
    const former = chunks[index];
    const endNs = former.ptsNs + former.samples.length * 62_500;
    return Math.abs(chunk.ptsNs - endNs) < 1
      ? []
      : [[endNs / 1e9, chunk.ptsNs / 1e9] as [number, number]];
  });
}
