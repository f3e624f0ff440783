/** A file that cannot be read whole; the message says why, such as `it is a folder`. */
export class SmallFileError extends Error {
  override name = "SmallFileError";
}

/**
 * Reads a regular file of at most `mostBytes` bytes. A FIFO or a device is refused before it is opened: opening one can
 * block forever, and reading one may never end.
 *
 * @throws {SmallFileError}
 */
export async function readSmallFile(path: string, mostBytes: number): Promise<Uint8Array> {
  try {
    const info = await Deno.stat(path);
    if (!info.isFile) throw new SmallFileError(`it is ${kindOf(info)}`);
    using file = await Deno.open(path);
    return await readAtMost(file, mostBytes);
  } catch (cause) {
    if (cause instanceof SmallFileError) throw cause;
    const message = cause instanceof Deno.errors.NotFound
      ? "no such file"
      : cause instanceof Deno.errors.PermissionDenied
      ? "permission denied"
      : cause instanceof Error
      ? cause.message
      : String(cause);
    throw new SmallFileError(message, { cause });
  }
}

// The size that stat gives may be stale, or 0 under /proc: what is read decides.
async function readAtMost(file: Deno.FsFile, mostBytes: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(mostBytes + 1);
  let length = 0;
  while (length < bytes.length) {
    const count = await file.read(bytes.subarray(length));
    if (count === null) return bytes.slice(0, length);
    length += count;
  }
  throw new SmallFileError(`it is larger than ${mostBytes} bytes`);
}

function kindOf(info: Deno.FileInfo): string {
  if (info.isDirectory) return "a folder";
  if (info.isFifo) return "a FIFO";
  if (info.isSocket) return "a socket";
  return "a device";
}
