import { join } from "node:path";
import { z } from "zod";
import { dataFolders, installFolder as folderOf } from "../../core/data_folder.ts";

/** The file in an installed runtime's folder that describes it. */
export const RECORD = "runtime.json";

/** Name of the folder that runtimes are installed in. */
const RUNTIMES = "runtimes";

const recordSchema = z.object({
  /** The name that `runtime.library` takes. */
  name: z.string(),
  /** Of ONNX Runtime. */
  version: z.string(),
  /** File name of ONNX Runtime's own library. */
  library: z.string(),
  /** File name and SHA-256 of the wheel. */
  wheel: z.string(),
  sha256: z.string(),
});

/** An ONNX Runtime that `whence runtime install` unpacked. */
export interface InstalledRuntime extends z.infer<typeof recordSchema> {
  readonly folder: string;
}

/** The form of a runtime's name. */
export const RUNTIME_NAME = /^[a-z0-9][a-z0-9_.-]*$/i;

/** Folders that are searched for runtimes, in this order: the user's, then the machine's. */
export function runtimeFolders(): string[] {
  return dataFolders(RUNTIMES);
}

/** The folder that this user installs into: root installs for the whole machine, others for themselves. */
export function installFolder(): string {
  return folderOf(RUNTIMES);
}

/** All installed runtimes, by name; the user's own hide the machine's. */
export function installedRuntimes(folders: readonly string[] = runtimeFolders()) {
  const found = new Map<string, InstalledRuntime>();
  for (const parent of folders) {
    for (const name of namesIn(parent)) {
      const runtime = readRuntime(join(parent, name), name);
      if (runtime !== undefined && !found.has(name)) found.set(name, runtime);
    }
  }
  return [...found.values()].sort((a, b) => a.name < b.name ? -1 : 1);
}

function readRuntime(folder: string, name: string): InstalledRuntime | undefined {
  try {
    const record = recordSchema.parse(JSON.parse(Deno.readTextFileSync(join(folder, RECORD))));
    return { ...record, name, folder };
  } catch {
    return undefined;
  }
}

function namesIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name)
      .filter((name) => RUNTIME_NAME.test(name));
  } catch {
    return [];
  }
}
