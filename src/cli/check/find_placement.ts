import { type BuildRecord, isSameBuild, modelKey, readBuilds } from "../../model/build_record.ts";
import { withImageVariant } from "../../model/image_variant.ts";
import { prefersInt8 } from "../../model/runtime/provider_policy.ts";
import { buildEngine } from "../../pipeline/build_engine.ts";
import type { Preflight } from "../../pipeline/preflight.ts";

/** `measured`: the model is loaded and run now; `known`: only an earlier build is looked up. */
export type PlacementSource = "measured" | "known";

/**
 * What each execution provider computes of a pipeline's model; undefined if it was not measured on this machine.
 *
 * @throws {ModelError} one line: the model cannot be loaded.
 */
export async function findPlacement(
  { model, config, document, library, offer, server }: Preflight,
  source: PlacementSource,
): Promise<BuildRecord | undefined> {
  const window = config.window.duration;
  if (source === "measured") {
    const { folder } = document;
    const unwatched = { onStep: () => {}, onStepEnd: () => {} };
    return await buildEngine({ model, runtime: config.runtime, folder, window, ...unwatched });
  }
  if (server !== undefined) return undefined;
  const wantsInt8 = config.runtime.int8;
  const variant = withImageVariant(model, { prefersInt8: prefersInt8(wantsInt8, offer) });
  const key = {
    model: modelKey(variant.manifest),
    version: library.version,
    providers: offer.providers.map(({ name }) => name),
    window,
  };
  return (await readBuilds(model.manifest)).find((build) => isSameBuild(build, key));
}
