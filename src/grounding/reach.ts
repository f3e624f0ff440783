import type { Manifest } from "../model/manifest.ts";

/**
 * Time steps of audio before a step that its features can depend on; undefined if they depend on the whole window.
 *
 * The manifest's receptive field is a whole number of steps, measured; the true one may end up to one step later.
 */
export function stepsOfReach(
  { whole_window, receptive_field, feature_rate }: Manifest["audio"],
): number | undefined {
  if (whole_window) return undefined;
  // The last digits of the product are rounding.
  return Math.floor(receptive_field * feature_rate / 2 + 1e-6) + 1;
}
