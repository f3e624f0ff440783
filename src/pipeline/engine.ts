import { resolve } from "node:path";
import type { Log } from "../core/log.ts";
import { Similarity } from "../grounding/similarity.ts";
import { type Encoders, loadModel } from "../model/encoders.ts";
import { findModel } from "../model/find_model.ts";
import { inLanes } from "../model/in_lanes.ts";
import type { Manifest } from "../model/manifest.ts";
import { PROVIDERS } from "../model/providers.ts";
import { openRuntime } from "../model/runtime/runtime.ts";
import type { Runtime } from "../model/runtime/session.ts";
import { checkThings, readBank } from "../model/things/thing_bank.ts";
import { withThings } from "../model/things/with_things.ts";
import { windowSamples } from "../model/window_samples.ts";
import type { PipelineConfig } from "./schema.ts";

/** A loaded model, ready to run. */
export interface Engine extends AsyncDisposable {
  readonly manifest: Manifest;
  readonly runtime: Runtime;
  readonly encoders: Encoders;
  readonly similarity: Similarity;
  /** The execution provider that each part runs on. */
  readonly providers: Readonly<Record<string, string>>;
}

/** The parts of a pipeline's configuration that an engine is made from. */
export type EngineConfig = Pick<PipelineConfig, "model" | "runtime" | "window" | "things">;

/** How often a long load reports that it goes on, ms. */
const STILL_LOADING_MS = 30_000;

/**
 * Loads a pipeline's model on the runtime that it configures, and runs each part once.
 *
 * @param folder the pipeline file's; relative paths start there.
 * @throws {ModelError} one line: model missing or broken, library or provider unavailable.
 */
export async function loadEngine(config: EngineConfig, folder: string, log: Log): Promise<Engine> {
  const model = await findModel(config.model, folder);
  await using stack = new AsyncDisposableStack();
  const runtime = await openRuntime(config.runtime, folder);
  stack.defer(() => runtime.close());
  if (runtime.compiles) log("info", `loading on ${runtime.providers[0]}: ${runtime.compiles}`);
  using _progress = everyPeriod((seconds) => log("info", `still loading after ${seconds} s`));
  const loaded = await loadModel(model, runtime, {
    windowSamples: windowSamples(model.manifest.audio, config.window.duration),
  });
  stack.defer(() => loaded.release());
  const things = await readThings(config.things, folder, model.manifest);
  const encoders = withThings(inLanes(loaded, lanes(loaded, config)), things);
  const similarity = await Similarity.load(runtime, similarityShape(model.manifest));
  stack.defer(() => similarity.release());
  await similarity.warmUp();
  const limitMs = config.runtime.run_limit * 1000;
  for (const part of [encoders.image, encoders.audio, similarity]) part.limitRuns(limitMs);
  const release = stack.move();
  return {
    manifest: encoders.manifest,
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

async function readThings(bank: string | undefined, folder: string, manifest: Manifest) {
  if (bank === undefined) return [];
  const file = resolve(folder, bank);
  const things = await readBank(file);
  checkThings(file, things, manifest);
  return things;
}

/** How many runs of an encoder pay at once: as many as there are cores for; a GPU or a server decides for itself. */
function lanes({ image }: Encoders, { runtime }: EngineConfig): number {
  if (image.provider !== PROVIDERS.fallback.name) return Infinity;
  return Math.max(1, Math.floor(navigator.hardwareConcurrency / runtime.threads));
}

/** Sizes of a model's similarity volume for one audio time step. */
export function similarityShape(
  { channels, heads, class_token: classToken, image: { grid } }: Manifest,
) {
  return {
    channels,
    heads: heads.length,
    gridWidth: grid.width,
    gridHeight: grid.height,
    classToken,
    steps: 1,
  };
}

function everyPeriod(report: (seconds: number) => void): Disposable {
  const startMs = performance.now();
  const timer = setInterval(
    () => report(Math.round((performance.now() - startMs) / 1000)),
    STILL_LOADING_MS,
  );
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
