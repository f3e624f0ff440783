import { join } from "node:path";

/** Files that a recorder makes: an event's id, or a pipeline's name and a time. */
const NAME = /^(\d+\.\d{3}-[0-9a-z]{6}|[a-z0-9-]+-\d{8}T\d{6}Z)\.(jpg|mp4|webm)$/;
const UNFINISHED = /^(\d+\.\d{3}-[0-9a-z]{6}|[a-z0-9-]+-\d{8}T\d{6}Z)(\.\w+)+\.part$/;
/** Age of a file that no process still writes, ms. */
const ABANDONED_MS = 300_000;

/** How much is kept. */
export interface Limits {
  readonly bytes: number;
  readonly seconds: number;
}

/** Whether a recorder makes files of this name. */
export function isRecording(name: string): boolean {
  return NAME.test(name);
}

/**
 * Deletes the oldest recordings until the others are within the limits, and what killed processes did not finish. Other files in
 * the folder stay.
 *
 * @returns how many recordings were deleted.
 */
export async function pruneRecordings(
  folder: string,
  { bytes, seconds }: Limits,
  nowMs = Date.now(),
): Promise<number> {
  const files: { path: string; size: number; atMs: number }[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    const unfinished = UNFINISHED.test(name);
    if (!unfinished && !NAME.test(name)) continue;
    const path = join(folder, name);
    const info = await Deno.stat(path).catch(() => undefined);
    if (info === undefined) continue;
    const atMs = info.mtime?.getTime() ?? 0;
    if (!unfinished) files.push({ path, size: info.size, atMs });
    else if (nowMs - atMs > ABANDONED_MS) await Deno.remove(path).catch(() => {});
  }
  files.sort((a, b) => b.atMs - a.atMs);
  let kept = 0;
  let deleted = 0;
  for (const { path, size, atMs } of files) {
    kept += size;
    if (kept <= bytes && nowMs - atMs <= seconds * 1000) continue;
    await Deno.remove(path);
    deleted++;
  }
  return deleted;
}
