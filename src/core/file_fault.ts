/**
 * Why a path cannot be read as a file, such as `no such file`, `it is a folder` or `it is a named pipe`; undefined when
 * it can. Never opens a named pipe or a device, which could block or never end.
 */
export async function fileFault(path: string): Promise<string | undefined> {
  try {
    const fault = kindFault(await Deno.stat(path));
    if (fault === undefined) (await Deno.open(path)).close();
    return fault;
  } catch (error) {
    return reasonOf(path, error);
  }
}

/** The same, for callers that cannot wait. */
export function fileFaultSync(path: string): string | undefined {
  try {
    const fault = kindFault(Deno.statSync(path));
    if (fault === undefined) Deno.openSync(path).close();
    return fault;
  } catch (error) {
    return reasonOf(path, error);
  }
}

/** Why a path cannot be read as a folder, such as `no such folder`; undefined when it can. */
export async function folderFault(path: string): Promise<string | undefined> {
  try {
    return (await Deno.stat(path)).isDirectory ? undefined : "it is not a folder";
  } catch (error) {
    return error instanceof Deno.errors.NotFound ? "no such folder" : reasonOf(path, error);
  }
}

function kindFault(info: Deno.FileInfo): string | undefined {
  if (info.isFile) return undefined;
  if (info.isDirectory) return "it is a folder";
  if (info.isFifo) return "it is a named pipe";
  return info.isSocket ? "it is a socket" : "it is a device";
}

function reasonOf(path: string, error: unknown): string {
  // Deno replaces bytes of an argument that are not UTF-8.
  if (path.includes("\uFFFD")) return "its name must be UTF-8";
  if (error instanceof Deno.errors.NotFound) return "no such file";
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied";
  if (error instanceof Deno.errors.NotADirectory) return "a part of its path is not a folder";
  return error instanceof Error ? error.message : String(error);
}
