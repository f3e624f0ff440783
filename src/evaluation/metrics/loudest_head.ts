import type { ClipVolume } from "../clip_features.ts";

/**
 * The largest of some heads, or of all, at each step and place.
 *
 * @returns `[T, h·w]`
 */
export function loudestHead(
  { volume, heads }: Pick<ClipVolume, "volume" | "heads">,
  [first, ...rest]: readonly number[] = Array.from({ length: heads }, (_, head) => head),
): Float32Array {
  const length = volume.length / heads;
  const out = volume.slice(first * length, (first + 1) * length);
  for (const head of rest) {
    for (let i = 0; i < length; i++) out[i] = Math.max(out[i], volume[head * length + i]);
  }
  return out;
}
