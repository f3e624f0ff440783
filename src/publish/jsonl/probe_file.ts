import { mkdtemp, open, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { SinkProbe } from "../sink_descriptor.ts";
import { faultCode, writeFault } from "./write_fault.ts";

/** About one file system block: a full disk has no room for it. */
const TRIAL = "\n".repeat(4096);

/**
 * Tries whether a file could be appended to: opens it if it exists, and writes a temporary file beside it, or into the nearest
 * folder above it that exists. Leaves nothing behind and the file unchanged.
 */
export async function probeFile(path: string): Promise<SinkProbe> {
  try {
    if (!await isThere(path)) {
      await tryFolder(await folderOf(path));
      return { status: "ok", detail: "can be created" };
    }
    await tryToAppendNothing(path);
    await tryFolder(dirname(path)).catch((error) => {
      // A file may be writable in a folder that is not.
      if (DISK_FULL.has(faultCode(error))) throw error;
    });
    return { status: "ok", detail: "can be appended to" };
  } catch (error) {
    return { status: "broken", detail: writeFault(path, error) };
  }
}

/** Devices such as /dev/full refuse even no bytes; `node:fs` would not ask them. */
async function tryToAppendNothing(path: string): Promise<void> {
  // Reading as well, a named pipe without a reader does not block.
  using file = await Deno.open(path, { read: true, append: true });
  await file.write(new Uint8Array(0));
}

const DISK_FULL = new Set(["ENOSPC", "EDQUOT"]);

async function isThere(path: string): Promise<boolean> {
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
