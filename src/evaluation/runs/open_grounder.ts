import { type Encoders, loadModel } from "../../model/encoders.ts";
import type { ModelFolder } from "../../model/manifest.ts";
import type { Runtime } from "../../model/runtime/session.ts";
import { openRuntime } from "../../model/runtime/runtime.ts";
import type { RuntimeConfig } from "../../model/runtime_schema.ts";
import { ClipGrounder } from "./clip_grounder.ts";

/** A loaded model that grounds whole clips; disposing it releases everything. */
export interface OpenGrounder extends AsyncDisposable {
  readonly runtime: Runtime;
  readonly encoders: Encoders;
  readonly grounder: ClipGrounder;
}

/** @throws {ModelError} when the model is broken, or the library or a provider is unavailable. */
export async function openGrounder(
  folder: ModelFolder,
  config: RuntimeConfig,
): Promise<OpenGrounder> {
  await using open = new AsyncDisposableStack();
  const runtime = await openRuntime(config, ".");
  open.defer(() => runtime.close());
  const encoders = await loadModel(folder, runtime);
  open.defer(() => encoders.release());
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
