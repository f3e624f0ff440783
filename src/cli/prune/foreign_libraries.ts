import { basename, dirname, join } from "node:path";
import { bytesText } from "../../core/quantities.ts";
import { UsageError } from "../exit.ts";

/** A folder with the libraries of another system. */
export interface ForeignFolder {
  readonly path: string;
  /** Such as `darwin/arm64`. */
  readonly system: string;
  /** What deleting it, and the folders before it in a list, frees. */
  readonly bytes: number;
}

/**
 * The folders for other systems beside this system's in every copy of onnxruntime-node, `bin/NAPI/OS/ARCH`.
 *
 * @param library this system's library in Deno's cache, `bin/NAPI/OS/ARCH/libonnxruntime.so.1`.
 * @param installed folder of the programs that `deno install -g` has installed; each has a copy of its packages, made
 * of hard links into the cache.
 */
export async function foreignLibraries(
  library: string,
  installed: string,
): Promise<ForeignFolder[]> {
  const own = dirname(library);
  const bin = dirname(dirname(dirname(own)));
  if (basename(bin) !== "bin") {
    throw new UsageError(`Cannot prune: ${library} is not in a package's bin folder`);
  }
  const system = systemOf(own);
  const found: ForeignFolder[] = [];
  const counted = new Set<string>();
  for (const copy of [bin, ...await installedCopies(installed)]) {
    for (const napi of await folders(copy)) {
      for (const os of await folders(napi)) {
        for (const path of await folders(os)) {
          if (systemOf(path) === system) continue;
          found.push({ path, system: systemOf(path), bytes: await sizeOf(path, counted) });
        }
      }
    }
  }
  return found;
}

/** Deletes the folders. */
export async function deleteAll(foreign: readonly ForeignFolder[]): Promise<void> {
  for (const { path } of foreign) await Deno.remove(path, { recursive: true });
}

/** A line per folder and a total. */
export function pruneText(foreign: readonly ForeignFolder[], dryRun: boolean): string {
  if (foreign.length === 0) return "Nothing to delete: there are no libraries for other systems.";
  const total = foreign.reduce((sum, { bytes }) => sum + bytes, 0);
  return [
    ...foreign.map(({ path }) => path),
    `${dryRun ? "Would free" : "Freed"} ${bytesText(total)}.`,
  ].join("\n");
}

function systemOf(path: string): string {
  return `${basename(dirname(path))}/${basename(path)}`;
}

async function installedCopies(installed: string): Promise<string[]> {
  const copies: string[] = [];
  for (const program of await folders(installed)) {
    for (const version of await folders(join(program, "node_modules/.deno"))) {
      if (!basename(version).startsWith("onnxruntime-node@")) continue;
      copies.push(join(version, "node_modules/onnxruntime-node/bin"));
    }
  }
  return copies;
}

async function folders(path: string): Promise<string[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(path));
    return entries.filter(({ isDirectory }) => isDirectory).map(({ name }) => join(path, name))
      .sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Bytes of the files below a folder that were not counted yet under another name. */
async function sizeOf(folder: string, counted: Set<string>): Promise<number> {
  let bytes = 0;
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) {
      bytes += await sizeOf(path, counted);
      continue;
    }
    const { dev, ino, size } = await Deno.lstat(path);
    if (!counted.has(`${dev}:${ino}`)) bytes += size;
    counted.add(`${dev}:${ino}`);
  }
  return bytes;
}
