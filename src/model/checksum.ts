import { createHash } from "node:crypto";
import { join } from "node:path";
import { fileFault } from "../core/file_fault.ts";
import { type Manifest, ModelError, type ModelFolder } from "./manifest.ts";

/** A buffer that is used again: V8 would free those of a stream late. */
const READ_BYTES = 1 << 18;

/**
 * Compares every file of a model with the SHA-256 in its manifest.
 *
 * @throws {ModelError} naming the file that is missing or has changed.
 */
export async function checkHashes({ path, manifest }: ModelFolder): Promise<void> {
  for (const { file, sha256 } of filesOf(manifest)) {
    const full = join(path, file);
    const got = await sha256Of(full);
    if (got !== sha256) {
      throw new ModelError(
        `Cannot load the model: ${full}: SHA-256 must be ${sha256} as in model.yaml, got ${got}`,
      );
    }
  }
}

/** All files that a manifest names. */
export function filesOf(manifest: Manifest): readonly { file: string; sha256: string }[] {
  const { image, audio, external_data: external, labels } = manifest;
  return [image, ...image.int8 ? [image.int8] : [], audio, ...external, ...labels ? [labels] : []];
}

/** SHA-256 of a file, in hex. */
export async function sha256Of(path: string): Promise<string> {
  const fault = await fileFault(path);
  if (fault) {
    throw new ModelError(`Cannot load the model: ${path} must be a readable file (${fault})`);
  }
  const hash = createHash("sha256");
  try {
    using file = await Deno.open(path);
    const buffer = new Uint8Array(READ_BYTES);
    for (let read; (read = await file.read(buffer)) !== null;) {
      hash.update(buffer.subarray(0, read));
    }
  } catch (cause) {
    throw new ModelError(`Cannot load the model: ${path} must be a readable file`, { cause });
  }
  return hash.digest("hex");
}
