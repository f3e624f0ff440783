import { join } from "node:path";
import { resolvePath } from "../../core/paths.ts";
import { ModelError } from "../manifest.ts";
import { installedRuntimes, RUNTIME_NAME } from "../runtimes/installed_runtimes.ts";
import { findNodeLibrary } from "./node_library.ts";

/**
 * The library that `runtime.library` means: `auto`, the name of an installed runtime, or a path.
 *
 * @param folder the pipeline file's; relative paths start there.
 * @throws {ModelError} when it looks like a name and no such runtime is installed.
 */
export function libraryPath(library: string, folder: string): string {
  if (library === "auto") return findNodeLibrary();
  if (!RUNTIME_NAME.test(library) || /\.so(\.\d+)*$/.test(library)) {
    return resolvePath(folder, library);
  }
  const installed = installedRuntimes();
  const runtime = installed.find(({ name }) => name === library);
  if (runtime !== undefined) return join(runtime.folder, runtime.library);
  const names = installed.map(({ name }) => name).join(", ") || "none";
  throw new ModelError(
    `Cannot find the runtime ${library}: runtime.library must be auto, node, an installed runtime (${names}) or a path; ` +
      `whence runtime install ${library}`,
  );
}
