import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** A path of a pipeline file as an absolute one: relative ones start at the file's folder; `file:` URLs are paths too. */
export function resolvePath(folder: string, path: string): string {
  if (/^file:\/\//.test(path)) return fileURLToPath(path);
  return resolve(folder, path.replace(/^file:/, ""));
}
