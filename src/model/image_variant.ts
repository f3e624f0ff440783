import type { ModelFolder } from "./manifest.ts";
import type { Runtime } from "./runtime/session.ts";

/**
 * The model with the image encoder that suits a runtime in the place of `image.file`: `image.int8` where the model has it and the
 * runtime prefers it.
 */
export function withImageVariant(
  { path, manifest }: ModelFolder,
  { prefersInt8 }: Pick<Runtime, "prefersInt8">,
): ModelFolder {
  const { int8, ...image } = manifest.image;
  if (!int8 || !prefersInt8) return { path, manifest };
  const { file, sha256 } = int8;
  return { path, manifest: { ...manifest, image: { ...image, file, sha256 } } };
}
