import type { PipelineConfig } from "./schema.ts";
import { Similarity } from "../grounding/similarity.ts";
import { type Encoders, loadModel } from "../model/encoders.ts";
import { findModel } from "../model/find_model.ts";
import type { Manifest } from "../model/manifest.ts";
import { windowSamples } from "../model/window_samples.ts";
import { openRuntime } from "../model/runtime/runtime.ts";
import type { Log } from "../core/log.ts";
import type { Runtime } from "../model/runtime/session.ts";

/** A model loaded and ready to run. */
export interface Engine extends AsyncDisposable {
  readonly manifest: Manifest;
  readonly runtime: Runtime;
  readonly encoders: Encoders;
  readonly similarity: Similarity;
  /** Execution provider that each part really runs on. */
  readonly providers: Readonly<Record<string, string>>;
}

/**
 * Loads a pipeline's model on the runtime it asks for.
 *
 * @param folder the pipeline file's; relative paths start there.
 * @throws {ModelError} one line: model missing or broken, library or provider not to be had.
 */
export async function loadEngine(
  config: PipelineConfig,
  folder: string,
  log: Log,
): Promise<Engine> {
  const model = await findModel(config.model, folder);
  await using stack = new AsyncDisposableStack();
  const runtime = await openRuntime(config.runtime, folder);
  stack.defer(() => runtime.close());
  if (runtime.compiles) log("info", `loading on ${runtime.providers[0]}: ${runtime.compiles}`);
  const encoders = await loadModel(model, runtime, {
    windowSamples: windowSamples(model.manifest.audio, config.window.duration),
  });
  stack.defer(() => encoders.release());
  const { channels, heads, class_token: classToken, image: { grid } } = model.manifest;
  const similarity = await Similarity.load(runtime, {
    channels,
    heads: heads.length,
    gridWidth: grid.width,
    gridHeight: grid.height,
    classToken,
    steps: 1,
  });
  stack.defer(() => similarity.release());
  const release = stack.move();
  return {
    manifest: model.manifest,
    runtime,
    encoders,
    similarity,
    providers: {
      image: encoders.image.provider,
      audio: encoders.audio.provider,
      similarity: similarity.provider,
    },
    [Symbol.asyncDispose]: () => release.disposeAsync(),
  };
}
