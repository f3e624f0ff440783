import { rename } from "node:fs/promises";
import { faultCode } from "./write_fault.ts";

/** When a file makes way for a new one. */
export interface Rotation {
  /** Size from which on the next lines go to a new file. */
  readonly maxBytes: number;
  /** Older files kept. */
  readonly keep: number;
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
