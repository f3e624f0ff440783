import { type Encoders, loadModel } from "./encoders.ts";
import type { ModelFolder } from "./manifest.ts";
import { openRuntime } from "./runtime/runtime.ts";
import type { Runtime } from "./runtime/session.ts";
import type { RuntimeConfig } from "./runtime_schema.ts";

/** A loaded model and what it runs on; disposing of it frees both. */
export interface OpenEncoders extends AsyncDisposable {
  readonly runtime: Runtime;
  readonly encoders: Encoders;
}

/**
 * Loads a model for a command that runs it without a pipeline.
 *
 * @throws {ModelError} when the model is broken, or the library or a provider is unavailable.
 */
export async function openEncoders(
  folder: ModelFolder,
  config: RuntimeConfig,
): Promise<OpenEncoders> {
  await using open = new AsyncDisposableStack();
  const runtime = await openRuntime(config, ".");
  open.defer(() => runtime.close());
  const encoders = await loadModel(folder, runtime);
  open.defer(() => encoders.release());
  const resources = open.move();
  return { runtime, encoders, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}
