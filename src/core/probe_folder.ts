import { mkdtemp, open, rm, stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { faultCode, writeFault } from "./write_fault.ts";

/** About one file system block: a full disk has no room for it. */
const TRIAL = "\n".repeat(4096);

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

/** Whether a file or folder exists. @throws {Error} the system's, if it cannot be told. */
export async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (faultCode(error) === "ENOENT") return false;
    throw error;
  }
}

/** The nearest folder above a path that exists. */
export async function folderOf(path: string): Promise<string> {
  const folder = dirname(path);
  return folder === path || await isThere(folder) ? folder : await folderOf(folder);
}

/** Writes a temporary file in a folder and removes it. @throws {Error} the system's, if it cannot. */
export async function tryFolder(folder: string): Promise<void> {
  const trial = await mkdtemp(join(folder, ".whence-"));
  try {
    const file = await open(join(trial, "trial"), "w");
    try {
      await file.appendFile(TRIAL);
      await file.sync();
    } finally {
      await file.close();
    }
  } finally {
    await rm(trial, { recursive: true });
  }
}
