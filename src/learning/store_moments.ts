import { createHash } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { CaptureError } from "../capture/capture_error.ts";
import type { Progress } from "../core/progress.ts";
import type { Encoders } from "../model/encoders.ts";
import type { Manifest } from "../model/manifest.ts";
import { encodeRecording, type StoredMoment } from "./encode_recording.ts";
import type { Recording } from "./find_recordings.ts";
import { type ReadRecording, readRecording } from "./read_recording.ts";

const storedSchema = z.object({
  key: z.string(),
  moments: z.array(
    z.object({
      head: z.int(),
      from: z.int(),
      steps: z.int(),
      audio: z.int(),
      picture: z.int(),
    }),
  ),
});

/** How many moments there are, of each head, and which recordings could not be read. */
export interface StoredMoments {
  readonly counts: readonly { readonly train: number; readonly heldOut: number }[];
  readonly unreadable: readonly { readonly name: string; readonly reason: string }[];
}

/** What storing needs beyond the recordings. */
export interface StoreOptions {
  /** Folder of the features; those of earlier runs are used again. */
  readonly work: string;
  readonly signal: AbortSignal;
  readonly onProgress: Progress;
}

/**
 * Encodes recordings and writes their features and `moments.json`, which models/training/whence_training/learn.py reads.
 *
 * @throws the signal's reason when it aborts, and what the model or the file system throws; finished recordings are not encoded again.
 */
export async function storeMoments(
  encoders: Encoders,
  recordings: readonly Recording[],
  { work, signal, onProgress }: StoreOptions,
): Promise<StoredMoments> {
  const { manifest } = encoders;
  const folder = join(work, "features");
  await Deno.mkdir(folder, { recursive: true });
  const rows: ({ file: string } & Pick<Recording, "group" | "split"> & StoredMoment)[] = [];
  const keys: string[] = [];
  const unreadable: { name: string; reason: string }[] = [];
  for (const [index, recording] of recordings.entries()) {
    signal.throwIfAborted();
    onProgress(index, recordings.length, "encoding recordings");
    const base = join(folder, recording.name);
    const found = await openRecording(recording, base, manifest, signal);
    if ("reason" in found) {
      unreadable.push({ name: recording.name, reason: found.reason });
      continue;
    }
    keys.push(found.key);
    const { moments } = "moments" in found
      ? found
      : await encode(encoders, found.read, base, found.key);
    const { name, group, split } = recording;
    const file = `features/${name}.f16`;
    rows.push(...moments.map((moment) => ({ file, group, split, ...moment })));
  }
  const { width, height } = manifest.image.grid;
  const index = {
    format: "whence/moments/1",
    // A replaced recording can have the same moments in its file's place.
    key: hashOf([modelOf(manifest), keys, rows]),
    heads: manifest.heads.map(({ kind }) => kind),
    channels: manifest.channels,
    cells: width * height,
    moments: rows,
  };
  await writeWhole(join(work, "moments.json"), JSON.stringify(index));
  const counts = manifest.heads.map((_, head) => {
    const count = (split: string) =>
      rows.filter((row) => row.head === head && row.split === split).length;
    return { train: count("train"), heldOut: count("held_out") };
  });
  return { counts, unreadable };
}

/**
 * What is known of a recording, or its pictures and sound, or why it cannot be read: `record` may prune it meanwhile. What
 * fails later, such as a full disk, fails for every recording.
 */
async function openRecording(
  { path, name }: Recording,
  base: string,
  manifest: Manifest,
  signal: AbortSignal,
): Promise<
  z.infer<typeof storedSchema> | { readonly key: string; readonly read: ReadRecording } | {
    readonly reason: string;
  }
> {
  let info: Deno.FileInfo;
  try {
    info = await Deno.stat(path);
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
  const key = hashOf([modelOf(manifest), name, info.size, info.mtime]);
  const stored = await known(base, key);
  if (stored !== undefined) return stored;
  try {
    return { key, read: await readRecording(path, manifest, signal) };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof CaptureError)) throw error;
    return { reason: error.message };
  }
}

/** What features depend on beyond the recording. */
function modelOf({ image, audio }: Manifest): readonly string[] {
  return [image.sha256, audio.sha256];
}

async function encode(encoders: Encoders, read: ReadRecording, base: string, key: string) {
  const { values, moments } = await encodeRecording(encoders, read);
  await Deno.writeFile(`${base}.f16`, new Uint8Array(values.buffer));
  const stored = { key, moments: [...moments] };
  // Written last: only a recording with this file is finished.
  await writeWhole(`${base}.json`, JSON.stringify(stored));
  return stored;
}

async function known(base: string, key: string) {
  try {
    const stored = storedSchema.parse(JSON.parse(await Deno.readTextFile(`${base}.json`)));
    await Deno.stat(`${base}.f16`);
    return stored.key === key ? stored : undefined;
  } catch {
    // Missing, torn or of another version: it is made again.
    return undefined;
  }
}

function hashOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);
}

async function writeWhole(path: string, text: string): Promise<void> {
  await Deno.writeTextFile(`${path}.part`, text);
  await Deno.rename(`${path}.part`, path);
}
