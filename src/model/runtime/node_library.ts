import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ModelError } from "../manifest.ts";

const ARCHITECTURES: Record<string, string> = { x86_64: "x64", aarch64: "arm64" };

/** A machine as Deno names it, such as `linux` and `aarch64`. */
export interface Machine {
  readonly os: string;
  readonly arch: string;
}

/**
 * Finds `libonnxruntime.so.1` inside the npm package onnxruntime-node, wherever Deno keeps it.
 *
 * @throws {ModelError} when the package is not installed or has no library for this machine.
 */
export function findNodeLibrary({ os, arch }: Machine = Deno.build): string {
  const entry = import.meta.resolve("onnxruntime-node");
  if (!entry.startsWith("file:")) {
    throw new ModelError(
      "Cannot find ONNX Runtime: npm:onnxruntime-node must be installed; run `deno install`",
    );
  }
  const bin = join(dirname(dirname(fileURLToPath(entry))), "bin");
  for (const napi of directories(bin)) {
    const folder = join(bin, napi, os, ARCHITECTURES[arch] ?? arch);
    const file = files(folder).find((name) => /^libonnxruntime\.so\.\d/.test(name));
    if (file) return join(folder, file);
  }
  throw new ModelError(
    `Cannot find ONNX Runtime: onnxruntime-node must have a library for ${os} ${arch} in ${bin}; ` +
      "set runtime.library to the path of another build",
  );
}

function directories(path: string): string[] {
  return list(path).filter((entry) => entry.isDirectory).map((entry) => entry.name);
}

function files(path: string): string[] {
  return list(path).filter((entry) => !entry.isDirectory).map((entry) => entry.name);
}

function list(path: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(path)];
  } catch {
    return [];
  }
}
