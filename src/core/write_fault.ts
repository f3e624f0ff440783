const WORDS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "read-only file system",
  ENOSPC: "no space left on device",
  EDQUOT: "disk quota exceeded",
  ENOENT: "a folder of its path does not exist",
  ENXIO: "it is a device or socket that is not available",
  ELOOP: "its symbolic links form a circle",
  EMFILE: "this process has too many open files",
  ENFILE: "the system has too many open files",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of its path is not a folder",
  // mkdir(2) where a file has the folder's name.
  EEXIST: "a part of its path is not a folder",
  ENAMETOOLONG: "the name is too long",
  EIO: "input/output error",
};

/** The system's code of an error, such as `ENOSPC`, else its text. */
export function faultCode(error: unknown): string {
  return String(error instanceof Error && "code" in error ? error.code : error);
}

/** Why a file can't be written, in one line. */
export function writeFault(path: string, error: unknown): string {
  const code = faultCode(error);
  return `Cannot write ${path}: ${WORDS[code] ?? code}`;
}

/** What {@linkcode systemFault} finds in the text of an error of Deno or of node:fs: operation and path. */
const TEXTS = [
  / \(os error \d+\): (\w+) '(.+?)'(?: -> '.*')?$/,
  /^E[A-Z]+: .*, (\w+) '(.+?)'(?: -> '.*')?$/,
];
const READS = new Set(["readfile", "readdir", "scandir", "stat", "lstat", "read_link", "realpath"]);

/**
 * What an error of the file system means, in one line; undefined for any other error.
 *
 * @param error an error of Deno or of node:fs that no code has expected, such as a full disk.
 */
export function systemFault(error: Error): string | undefined {
  const code = faultCode(error);
  if (WORDS[code] === undefined) return undefined;
  const match = TEXTS.map((text) => text.exec(error.message)).find((found) => found !== null);
  if (!match) return code === "ENOSPC" ? `Cannot write: ${WORDS[code]}` : undefined;
  const [, operation, path] = match;
  if (operation === "mkdir" && code === "EEXIST") {
    return `Cannot write to ${path}: it must be a folder`;
  }
  if (!READS.has(operation)) return writeFault(path, error);
  if (code === "ENOTDIR" && /dir$/.test(operation)) {
    return `Cannot read ${path}: it is not a folder`;
  }
  return `Cannot read ${path}: ${code === "ENOENT" ? "no such file or folder" : WORDS[code]}`;
}
