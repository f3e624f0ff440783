import type { ModelFolder } from "../../model/manifest.ts";
import { type OpenEncoders, openEncoders } from "../../model/open_encoders.ts";
import type { RuntimeConfig } from "../../model/runtime_schema.ts";
import { ClipGrounder } from "./clip_grounder.ts";

/** A loaded model that grounds whole clips; disposing it releases everything. */
export interface OpenGrounder extends OpenEncoders {
  readonly grounder: ClipGrounder;
}

/** @throws {ModelError} when the model is broken, or the library or a provider is unavailable. */
export async function openGrounder(
  folder: ModelFolder,
  config: RuntimeConfig,
): Promise<OpenGrounder> {
  await using open = new AsyncDisposableStack();
  const { runtime, encoders } = open.use(await openEncoders(folder, config));
  const grounder = await ClipGrounder.create(encoders, runtime);
  open.defer(() => grounder.release());
  const resources = open.move();
  return {
    runtime,
    encoders,
    grounder,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
