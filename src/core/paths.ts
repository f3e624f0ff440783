import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The absolute form of a path in a pipeline file: relative paths start at the file's folder; `file:` URLs are allowed. */
export function resolvePath(folder: string, path: string): string {
  if (/^file:\/\//.test(path)) return fileURLToPath(path);
  return resolve(folder, path.replace(/^file:/, ""));
}
