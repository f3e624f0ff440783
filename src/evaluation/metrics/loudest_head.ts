import type { ClipVolume } from "../clip_features.ts";

/**
 * The maximum over some heads, or all, at each step and cell.
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
