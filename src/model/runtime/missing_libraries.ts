import { basename, dirname, join } from "node:path";
import { neededLibraries } from "./elf_needed.ts";
import { loaderReason } from "./ort_api.ts";
import type { ProviderLibrary } from "../provider.ts";

/**
 * Why ONNX Runtime cannot load a provider's library, in one line that names every shared library that is missing;
 * undefined when the dynamic loader can load it.
 */
export function missingLibraries(
  ortPath: string,
  { file, products }: ProviderLibrary,
): string | undefined {
  const folder = dirname(ortPath);
  const path = join(folder, file);
  if (!exists(path)) {
    return `${file} must be in the same folder as ${
      basename(ortPath)
    }; set runtime.library to a build that has it`;
  }
  const missing = neededLibraries(path)
    .filter((needed) => !exists(join(folder, needed)))
    .map(whyNot)
    .filter((reason) => reason !== undefined);
  if (missing.length > 0) {
    const names = [...new Set(missing)].map((name) => withProduct(name, products));
    return `${file} needs ${names.join(", ")}, not found on this machine`;
  }
  const reason = loadFailure(path);
  return reason && `${file} cannot be loaded: ${reason}`;
}

/** The library that cannot be opened: `name`, or one that it needs in turn; undefined when all can. */
function whyNot(name: string): string | undefined {
  const reason = loadFailure(name);
  return reason?.match(/([^\s/:]+\.so[.\d]*): cannot open shared object file/)?.[1];
}

function loadFailure(path: string): string | undefined {
  try {
    Deno.dlopen(path, {}).close();
  } catch (error) {
    return loaderReason(error instanceof Error ? error.message : String(error));
  }
}

function withProduct(library: string, products: ProviderLibrary["products"]): string {
  const product = products.find(([pattern]) => pattern.test(library))?.[1];
  return product ? `${library} (${product})` : library;
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
