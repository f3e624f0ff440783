import { fileFault } from "./file_fault.ts";

/** A file that cannot be read; the message gives the reason, such as `it is a folder`. */
export class UnreadableFileError extends Error {
  override name = "UnreadableFileError";
}

/** What {@linkcode readStart} read. */
export interface FileStart {
  readonly bytes: Uint8Array;
  /** Whether the file has no more bytes. */
  readonly whole: boolean;
}

/**
 * Reads the first `mostBytes` bytes of a regular file; refuses named pipes and devices without opening them.
 *
 * @throws {UnreadableFileError}
 */
export async function readStart(path: string, mostBytes: number): Promise<FileStart> {
  const fault = await fileFault(path);
  if (fault !== undefined) throw new UnreadableFileError(fault);
  using file = await Deno.open(path);
  // The size that stat gives may be stale, or 0 under /proc: what is read decides.
  const bytes = new Uint8Array(mostBytes + 1);
  let length = 0;
  while (length < bytes.length) {
    const count = await file.read(bytes.subarray(length));
    if (count === null) return { bytes: bytes.slice(0, length), whole: true };
    length += count;
  }
  return { bytes: bytes.slice(0, mostBytes), whole: false };
}
