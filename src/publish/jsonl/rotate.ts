import { rename } from "node:fs/promises";
import { faultCode } from "../../core/write_fault.ts";

/** When a file makes way for a new one. */
export interface Rotation {
  /** Size from which on the next lines go to a new file. Default: no limit. */
  readonly maxBytes?: number;
  /** Whether the first lines of a day, in local time, go to a new file. */
  readonly daily?: boolean;
  /** Older files kept. */
  readonly keep: number;
}

/** What a file is judged by. */
export interface FileFigures {
  readonly size: number;
  /** When it was written last. */
  readonly mtime: Date;
}

/** Whether a file makes way for a new one before the next lines. */
export function isDue(
  { maxBytes = Infinity, daily = false }: Rotation,
  { size, mtime }: FileFigures,
  now: Date,
): boolean {
  if (size === 0) return false;
  return size >= maxBytes || daily && mtime.toDateString() !== now.toDateString();
}

/** Renames `PATH` to `PATH.1`, `PATH.1` to `PATH.2` and so on; the oldest of `keep` files is overwritten. */
export async function rotate(path: string, keep: number): Promise<void> {
  for (let n = keep - 1; n >= 0; n--) {
    const from = n === 0 ? path : `${path}.${n}`;
    await rename(from, `${path}.${n + 1}`).catch((error) => {
      if (faultCode(error) !== "ENOENT") throw error;
    });
  }
}
