import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { joinedReach, type Reach } from "../../core/reach.ts";

const PROJECT = fileURLToPath(new URL("../../../", import.meta.url));

/**
 * Deno's permissions for pipelines that use these files and addresses. They never include starting programs.
 *
 * Native libraries (GStreamer, ONNX Runtime) need `--allow-ffi`, and are not bound by the other permissions.
 */
export function permissionFlags(parts: readonly Reach[]): string[] {
  const { read, write, net } = joinedReach(parts);
  return [
    "--allow-ffi",
    "--allow-env",
    "--allow-sys",
    listFlag("read", [PROJECT, packagesFolder(), ...read, ...write]),
    listFlag("write", write),
    listFlag("net", net),
  ].filter((flag) => flag !== "");
}

function listFlag(name: string, values: readonly string[]): string {
  const unique = [...new Set(values)].toSorted();
  // Deno takes two commas for one that is part of a value.
  const list = unique.map((value) => value.replaceAll(",", ",,")).join(",");
  return unique.length === 0 ? "" : `--allow-${name}=${list}`;
}

/** Deno's cache of npm packages, which contain native libraries. */
function packagesFolder(): string {
  const module = fileURLToPath(import.meta.resolve("onnxruntime-node"));
  const cache = /^(.*\/npm)\/[^/]+\/onnxruntime-node\//.exec(module)?.[1];
  return cache ?? dirname(module);
}
