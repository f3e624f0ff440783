import { basename, dirname, join } from "node:path";
import { neededLibraries } from "./elf_needed.ts";
import { loaderReason } from "./ort_api.ts";
import type { Accelerator } from "./ort_options.ts";

const PRODUCTS: readonly [pattern: RegExp, product: string][] = [
  [/^libnv(infer|onnxparser)/, "TensorRT"],
  [/^libcudnn/, "cuDNN"],
  [/^libcu(blas|dart|fft|rand|solver|sparse|da)|^libnv(rtc|jitlink)/i, "CUDA"],
];

/**
 * Why ONNX Runtime cannot load a provider, in one line that names every shared library which is not there; undefined
 * when the loader has nothing to complain about.
 */
export function missingLibraries(ortPath: string, provider: Accelerator): string | undefined {
  const folder = dirname(ortPath);
  const name = `libonnxruntime_providers_${provider}.so`;
  const path = join(folder, name);
  if (!exists(path)) {
    return `${name} must lie beside ${
      basename(ortPath)
    }; set runtime.library to a build that has it`;
  }
  const missing = neededLibraries(path)
    .filter((needed) => !exists(join(folder, needed)))
    .map(whyNot)
    .filter((reason) => reason !== undefined);
  if (missing.length > 0) {
    const names = [...new Set(missing)].map(withProduct);
    return `${name} needs ${names.join(", ")}, not found on this machine`;
  }
  const reason = loadFailure(path);
  return reason && `${name} cannot be loaded: ${reason}`;
}

/** The library that cannot be opened: `name` or one that it needs in turn. */
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

function withProduct(library: string): string {
  const product = PRODUCTS.find(([pattern]) => pattern.test(library))?.[1];
  return product ? `${library} (${product})` : library;
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
