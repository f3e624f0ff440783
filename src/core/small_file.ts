import { fileFault } from "./file_fault.ts";

/** A file that cannot be read whole; the message says why, such as `it is a folder`. */
export class SmallFileError extends Error {
  override name = "SmallFileError";
}

/**
 * Reads a regular file of at most `mostBytes` bytes; refuses named pipes and devices without opening them.
 *
 * @throws {SmallFileError}
 */
export async function readSmallFile(path: string, mostBytes: number): Promise<Uint8Array> {
  const fault = await fileFault(path);
  if (fault !== undefined) throw new SmallFileError(fault);
  using file = await Deno.open(path);
  // The size that stat gives may be stale, or 0 under /proc: what is read decides.
  const bytes = new Uint8Array(mostBytes + 1);
  let length = 0;
  while (length < bytes.length) {
    const count = await file.read(bytes.subarray(length));
    if (count === null) return bytes.slice(0, length);
    length += count;
  }
  throw new SmallFileError(`it is larger than ${mostBytes} bytes`);
}
