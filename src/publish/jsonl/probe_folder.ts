import { statfs } from "node:fs/promises";
import { join } from "node:path";
import { folderOf, tryFolder } from "./probe_file.ts";
import { writeFault } from "./write_fault.ts";

/** A folder in which files can be written. */
export interface WritableFolder {
  /** Room that this process may use on its file system, bytes. */
  readonly free: number;
  /** What was found, for people. */
  readonly detail: string;
}

/**
 * Tries whether files could be written in a folder: writes a temporary one there, or in the nearest folder above it that exists,
 * and removes it.
 *
 * @throws {Error} in one line, why not.
 */
export async function probeFolder(folder: string): Promise<WritableFolder> {
  try {
    const there = await folderOf(join(folder, "_"));
    await tryFolder(there);
    const { bavail, bsize } = await statfs(there);
    const free = bavail * bsize;
    const state = there === folder ? "can be written" : "can be created";
    return { free, detail: `${state}, ${gigabytes(free)} free` };
  } catch (error) {
    throw new Error(writeFault(folder, error));
  }
}

/** A size for people. */
export function gigabytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.round(bytes / 1e6)} MB`;
}
