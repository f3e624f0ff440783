import { openCapture } from "../../capture/capture.ts";
import { planCapture } from "../../capture/plan.ts";
import { sourceSchema } from "../../capture/source_schema.ts";
import type { FitGeometry } from "../../core/fit_geometry.ts";
import type { Manifest } from "../../model/manifest.ts";
import { UsageError } from "../exit.ts";

/** What to watch. */
export interface WatchOptions {
  /** Address of the pictures, as in a pipeline's source. */
  readonly source: string;
  /** Address of the sound, if it is another one. */
  readonly audio?: string;
  /** Whether the sound is needed. */
  readonly listens: boolean;
  /** Seconds that are skipped first, and how many are watched after that. */
  readonly start: number;
  readonly seconds: number;
  /** Called when a camera is open. */
  readonly opened: () => void;
}

/** What was seen and heard. */
export interface Watched {
  /** RGB pictures of the model's size, at most {@linkcode MOST_PICTURES}, spread evenly. */
  readonly pictures: readonly Uint8Array[];
  /** How the source's picture fits into them. */
  readonly geometry: FitGeometry;
  /** Mono, at the model's rate. */
  readonly samples: Float32Array;
}

/** Pictures to learn a look from; more of the same seconds add little. */
const MOST_PICTURES = 8;
const FRAME_RATE = 4;
/** How much longer than its seconds a camera may take. */
const PATIENCE_SECONDS = 10;

/**
 * Watches a camera, or a part of a recording.
 *
 * @throws {UsageError} when an address is wrong or the source ends too early.
 * @throws {CaptureError} when the source cannot be opened.
 */
export async function watchSource(options: WatchOptions, manifest: Manifest): Promise<Watched> {
  const { start, seconds } = options;
  const { image: { width, height }, audio: { sample_rate: sampleRate } } = manifest;
  const plan = planCapture(sourceOf(options), { width, height, sampleRate, folder: "." });
  const enough = new AbortController();
  const end = AbortSignal.any([
    enough.signal,
    ...(plan.live ? [AbortSignal.timeout((start + seconds + PATIENCE_SECONDS) * 1000)] : []),
  ]);
  await using capture = await openCapture(plan, { signal: end });
  if (plan.live) options.opened();
  const [fromNs, toNs] = [start * 1e9, (start + seconds) * 1e9];
  const running = new Set(["pictures", "sound"]);
  const done = (stream: string) => {
    running.delete(stream);
    if (running.size === 0) enough.abort();
  };
  const pictures: Uint8Array[] = [];
  const heard: Float32Array[] = [];
  // Either stream would wait for the other if it were not read: both are, until both are done.
  await Promise.all([
    (async () => {
      for await (const { ptsNs, data } of capture.frames()) {
        if (ptsNs >= toNs) done("pictures");
        else if (ptsNs >= fromNs) pictures.push(data.slice());
      }
    })(),
    (async () => {
      for await (const { ptsNs, samples } of capture.audio()) {
        if (ptsNs >= toNs) done("sound");
        else if (ptsNs >= fromNs) heard.push(samples.slice());
      }
    })(),
  ]);
  const { geometry } = capture;
  if (pictures.length === 0 || geometry === undefined) {
    throw new UsageError(
      `Cannot show: ${plan.video.label} must have pictures from ${start} s to ${start + seconds} s`,
    );
  }
  return { pictures: spread(pictures, MOST_PICTURES), geometry, samples: joined(heard) };
}

/** The `source` block. */
function sourceOf({ source, audio, listens }: WatchOptions) {
  const addresses = audio !== undefined
    ? { video: source, audio }
    : listens
    ? { uri: source }
    : { video: source, audio: "silence://" };
  const pace = "fast" as const;
  const result = sourceSchema.safeParse({ ...addresses, pace, frame_rate: FRAME_RATE });
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0];
  const option = path[0] === "audio" ? "--audio" : "--source";
  const hint = listens && audio === undefined ? "; pass --audio for a microphone" : "";
  throw new UsageError(`Cannot show: ${option}: ${message}${hint}`);
}

function spread<T>(all: readonly T[], most: number): T[] {
  const count = Math.min(most, all.length);
  return Array.from({ length: count }, (_, i) => all[Math.floor((i + 0.5) * all.length / count)]);
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
