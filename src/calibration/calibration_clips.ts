import { basename, extname, join } from "node:path";
import { sourceSchema } from "../capture/source_schema.ts";
import { openCapture } from "../capture/capture.ts";
import { planCapture } from "../capture/plan.ts";
import { findPairSets } from "../evaluation/datasets/pair_set.ts";
import { type Picture, readPicture } from "../evaluation/datasets/picture.ts";
import { resamplePicture } from "../evaluation/datasets/resample_picture.ts";
import { readSound } from "../evaluation/datasets/sound.ts";
import type { HeadKind } from "../core/head_kind.ts";

/** A picture with the sound that belongs to it, not read yet. */
export interface CalibrationClip {
  readonly name: string;
  /** Undefined when nothing says what is heard: the clip counts for every head. */
  readonly kind: HeadKind | undefined;
  /** Reads picture and sound. */
  load(size: { width: number; height: number }, sampleRate: number): Promise<LoadedClip>;
}

/** A clip as the encoders take it. */
export interface LoadedClip {
  readonly picture: Picture;
  /** Mono, -1..1. */
  readonly samples: Float32Array;
}

const PICTURES = new Set([".png", ".jpg", ".jpeg", ".webp"]);
const SOUNDS = new Set([".wav", ".mp3", ".flac", ".ogg"]);
const VIDEOS = new Set([".mp4", ".mkv", ".webm", ".mov", ".avi", ".m4v"]);
/** Longer sounds are cut, as the original's demo does. */
const MAX_SECONDS = 10;

/**
 * Finds clips: video files, and pictures with a sound of the same name; in the folder itself, or in
 * its folders `sound` and `speech`, which say what is heard. A folder with `scenes.jsonl` or one of
 * the published data sets is read as `evaluate` reads it.
 */
export async function findClips(folder: string, limit: number): Promise<CalibrationClip[]> {
  const clips = [
    ...await clipsIn(folder, undefined),
    ...await clipsIn(join(folder, "sound"), "sound"),
    ...await clipsIn(join(folder, "speech"), "speech"),
  ];
  if (clips.length === 0) {
    for (const { pairs } of await findPairSets(folder, limit)) {
      clips.push(...pairs.map(({ id, kind, image, audio }) => pairClip(id, kind, image, audio)));
    }
  }
  const step = Math.max(1, clips.length / limit);
  return Array.from(
    { length: Math.min(limit, clips.length) },
    (_, i) => clips[Math.floor(i * step)],
  );
}

async function clipsIn(folder: string, kind: HeadKind | undefined): Promise<CalibrationClip[]> {
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(folder)) if (entry.isFile) names.push(entry.name);
  } catch {
    return [];
  }
  names.sort();
  const byStem = new Map(
    names.filter((name) => SOUNDS.has(extension(name))).map((name) => [stem(name), name]),
  );
  const clips: CalibrationClip[] = [];
  for (const name of names) {
    const sound = byStem.get(stem(name));
    if (VIDEOS.has(extension(name))) clips.push(videoClip(name, kind, join(folder, name)));
    else if (PICTURES.has(extension(name)) && sound) {
      clips.push(pairClip(stem(name), kind, join(folder, name), join(folder, sound)));
    }
  }
  return clips;
}

function extension(name: string): string {
  return extname(name).toLowerCase();
}

function stem(name: string): string {
  return basename(name, extname(name));
}

function pairClip(
  name: string,
  kind: HeadKind | undefined,
  image: string,
  audio: string,
): CalibrationClip {
  return {
    name,
    kind,
    load: async (size, sampleRate) => ({
      picture: resamplePicture(await readPicture(image), size),
      samples: (await readSound(audio, sampleRate)).subarray(0, MAX_SECONDS * sampleRate),
    }),
  };
}

/** The frame in the middle of the sound that is used. */
function videoClip(name: string, kind: HeadKind | undefined, file: string): CalibrationClip {
  return {
    name,
    kind,
    load: async (size, sampleRate) => {
      const source = sourceSchema.parse({ uri: file, pace: "fast", fit: "stretch", frame_rate: 4 });
      const plan = planCapture(source, { ...size, sampleRate, folder: "." });
      await using capture = await openCapture(plan);
      const frames: Uint8Array[] = [];
      const chunks: Float32Array[] = [];
      await Promise.all([
        (async () => {
          for await (const frame of capture.frames()) {
            if (frame.ptsNs < MAX_SECONDS * 1e9) frames.push(frame.data.slice());
          }
        })(),
        (async () => {
          for await (const chunk of capture.audio()) {
            if (chunk.ptsNs < MAX_SECONDS * 1e9) chunks.push(chunk.samples.slice());
          }
        })(),
      ]);
      const samples = new Float32Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
      let at = 0;
      for (const chunk of chunks) {
        samples.set(chunk, at);
        at += chunk.length;
      }
      return { picture: { ...size, data: frames[frames.length >> 1] }, samples };
    },
  };
}
