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
