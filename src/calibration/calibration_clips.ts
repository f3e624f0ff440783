import { existsSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { sourceSchema } from "../capture/source_schema.ts";
import { openCapture } from "../capture/capture.ts";
import { planCapture } from "../capture/plan.ts";
import { folderFault } from "../core/file_fault.ts";
import type { Size } from "../core/resize_bilinear.ts";
import { EvaluationError } from "../evaluation/evaluation_error.ts";
import { findPairSets, hasPairSets } from "../evaluation/datasets/pair_set.ts";
import { type Picture, readPicture } from "../evaluation/datasets/picture.ts";
import { resamplePicture } from "../evaluation/datasets/resample_picture.ts";
import { readSceneSet, spread } from "../evaluation/datasets/scene_set.ts";
import { readSound } from "../evaluation/datasets/sound.ts";
import type { HeadKind } from "../core/head_kind.ts";

/** Something heard in a clip that its picture shows. */
export interface Heard {
  /** Undefined if it is not known what is heard: it counts for every head. */
  readonly kind: HeadKind | undefined;
  /** Seconds from the clip's start; without it, wherever the clip is not silent. */
  readonly time?: { readonly onset: number; readonly offset: number };
}

/** A picture with the sound that belongs to it, not read yet. */
export interface CalibrationClip {
  readonly name: string;
  /** Empty for a negative: nothing in the picture makes the sound. */
  readonly heard: readonly Heard[];
  /** Reads picture and sound. */
  load(size: Size, sampleRate: number): Promise<LoadedClip>;
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
/** What is heard in the clips of a folder, by the folder's name. */
const FOLDERS: Readonly<Record<string, readonly Heard[]>> = {
  "": [{ kind: undefined }],
  sound: [{ kind: "sound" }],
  speech: [{ kind: "speech" }],
  negative: [],
};
/** Longer sounds are cut, as the original's demo does. */
const MAX_SECONDS = 10;

/**
 * Finds clips: the scenes of `scenes.jsonl`, negatives included; or else video files, and pictures with a sound of the same
 * name, in the folder itself and in its subfolders `sound`, `speech` (which say what is heard) and `negative` (nothing in the
 * picture makes the sound); or else the pairs of one of the published data sets.
 *
 * @param limit most clips, spread evenly over what is found.
 * @throws {EvaluationError} when the folder contains none of these.
 */
export async function findClips(
  folder: string,
  limit: number,
): Promise<readonly CalibrationClip[]> {
  const fault = await folderFault(folder);
  if (fault !== undefined) throw new EvaluationError(`Cannot read ${folder}: ${fault}`);
  if (existsSync(join(folder, "scenes.jsonl"))) return await sceneClips(folder, limit);
  const found = await Promise.all(
    Object.entries(FOLDERS).map(([name, heard]) => clipsIn(join(folder, name), heard)),
  );
  const clips = found.flat();
  if (clips.length > 0) return spread(clips, limit);
  if (hasPairSets(folder)) return await publishedClips(folder, limit);
  throw new EvaluationError(
    `Cannot find clips: ${folder} must contain video files, pictures with sounds of the same name, or scenes.jsonl`,
  );
}

async function sceneClips(folder: string, limit: number): Promise<CalibrationClip[]> {
  const { scenes } = await readSceneSet(folder, limit);
  return scenes.map(({ id, image, audio, targets }) =>
    pairClip(
      id,
      targets.map(({ kind, onset, offset }) => ({ kind, time: { onset, offset } })),
      join(folder, image),
      join(folder, audio),
    )
  );
}

async function publishedClips(folder: string, limit: number): Promise<CalibrationClip[]> {
  const sets = await findPairSets(folder, limit);
  return sets.flatMap(({ pairs }) =>
    pairs.map(({ id, kind, image, audio }) => pairClip(id, [{ kind }], image, audio))
  );
}

async function clipsIn(folder: string, heard: readonly Heard[]): Promise<CalibrationClip[]> {
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
    if (VIDEOS.has(extension(name))) clips.push(videoClip(name, heard, join(folder, name)));
    else if (PICTURES.has(extension(name)) && sound) {
      clips.push(pairClip(stem(name), heard, join(folder, name), join(folder, sound)));
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
  heard: readonly Heard[],
  image: string,
  audio: string,
): CalibrationClip {
  return {
    name,
    heard,
    load: async (size, sampleRate) => ({
      picture: resamplePicture(await readPicture(image), size),
      samples: (await readSound(audio, sampleRate)).subarray(0, MAX_SECONDS * sampleRate),
    }),
  };
}

/** A video's sound, cut, with the frame in the middle of it. */
function videoClip(name: string, heard: readonly Heard[], file: string): CalibrationClip {
  return {
    name,
    heard,
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
