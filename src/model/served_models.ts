import type { Manifest } from "./manifest.ts";
import type { ServedModel } from "./runtime/session.ts";

/** What inference servers call a model's image.onnx. */
export function servedImage({ name, version }: Manifest): ServedModel {
  return { name: `${name}-image`, version };
}

/** What inference servers call a model's audio.onnx. */
export function servedAudio({ name, version }: Manifest): ServedModel {
  return { name: `${name}-audio`, version };
}
