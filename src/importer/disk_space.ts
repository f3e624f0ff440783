import { statfs } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { ImportError } from "./import_error.ts";

/** Left free beyond what is needed, so that the system keeps working. */
const RESERVE = 64 * 1024 * 1024;

/**
 * Checks that `bytes` more fit on the disk of `folder`, which need not exist yet.
 *
 * @throws {ImportError} with the space that is needed and the space that is free.
 */
export async function checkDiskSpace(folder: string, bytes: number, what: string): Promise<void> {
  const { bavail, bsize } = await statfs(existingFolder(resolve(folder)));
  const free = bavail * bsize;
  if (free < bytes + RESERVE) {
    throw new ImportError(
      `Cannot ${what}: ${folder} must have ${gigabytes(bytes + RESERVE)} free, got ${
        gigabytes(free)
      }`,
    );
  }
}

/** The folder itself, or the nearest one above it that exists. */
export function existingFolder(path: string): string {
  try {
    Deno.statSync(path);
    return path;
  } catch {
    const parent = dirname(path);
    return parent === path ? path : existingFolder(parent);
  }
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(2)} GB`;
}
