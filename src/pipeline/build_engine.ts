import { Similarity } from "../grounding/similarity.ts";
import {
  type BuildRecord,
  type BuiltPart,
  isSameBuild,
  keepBuild,
  modelKey,
  readBuilds,
} from "../model/build_record.ts";
import { loadModel } from "../model/encoders.ts";
import { withImageVariant } from "../model/image_variant.ts";
import type { ModelFolder } from "../model/manifest.ts";
import { PROVIDERS } from "../model/providers.ts";
import { openRuntime } from "../model/runtime/runtime.ts";
import type { Session } from "../model/runtime/session.ts";
import type { RuntimeConfig } from "../model/runtime_schema.ts";
import { windowSamples } from "../model/window_samples.ts";
import { BuildTime } from "./build_time.ts";
import { similarityShape } from "./engine.ts";
import { type BuildListener, type BuildStep, WatchedRuntime } from "./watched_runtime.ts";

/** What is built, and for what. */
export interface BuildOptions {
  readonly model: ModelFolder;
  readonly runtime: RuntimeConfig;
  /** Relative paths of the runtime block start here. */
  readonly folder: string;
  /** Length of the audio window, s. */
  readonly window: number;
  /** Receives each step with the time left; called at its begin. */
  onStep(step: BuildStep, time: BuildTime): void;
  onStepEnd(step: BuildStep, seconds: number, time: BuildTime): void;
}

/** Runs of each part; the shortest counts for the report. */
const TRACED_RUNS = 4;
const PARTS = ["image", "audio", "similarity"];
/** Loads as `loadModel` and `Similarity` do them. */
const STEPS: readonly BuildStep[] = [
  { part: "image", action: "load" },
  { part: "audio", action: "load" },
  { part: "image", action: "first run" },
  { part: "audio", action: "first run" },
  { part: "similarity", action: "load" },
  { part: "similarity", action: "first run" },
];

/**
 * Loads a model and runs each part at the shapes of a pipeline, so that providers that compile it do so now and a later start
 * finds the result in their cache; and finds out what runs where.
 *
 * @throws {ModelError} one line: model missing or broken, library or provider unavailable.
 */
export async function buildEngine(options: BuildOptions): Promise<BuildRecord> {
  const { model: { manifest }, runtime: config, folder, window } = options;
  await using stack = new AsyncDisposableStack();
  const opened = await openRuntime(config, folder, PROVIDERS, { tracedRuns: TRACED_RUNS });
  stack.defer(() => opened.close());
  const key = {
    model: modelKey(withImageVariant(options.model, opened).manifest),
    version: opened.version,
    providers: [...opened.providers],
    window,
  };
  const former = (await readBuilds(manifest)).find((build) => isSameBuild(build, key));
  const time = new BuildTime(STEPS, weights(options, former));
  const steps: Record<string, number> = {};
  const listener: BuildListener = {
    began: (step) => options.onStep(step, time),
    ended: (step, seconds) => {
      steps[stepName(step)] = seconds;
      time.ended(step, seconds);
      options.onStepEnd(step, seconds, time);
    },
  };
  const runtime = new WatchedRuntime(opened, listener);
  const samples = windowSamples(manifest.audio, window);
  const encoders = await loadModel(options.model, runtime, { windowSamples: samples });
  stack.defer(() => encoders.release());
  const similarity = await Similarity.load(runtime, similarityShape(manifest));
  stack.defer(() => similarity.release());
  const { width, height } = manifest.image;
  const sessions: readonly (readonly [Session, () => Promise<unknown>])[] = [
    [encoders.image, () => encoders.encodeImages(new Uint8Array(width * height * 3), 1)],
    [encoders.audio, () => encoders.encodeAudio(new Float32Array(samples))],
    [similarity.session, () => similarity.warmUp()],
  ];
  const parts: BuiltPart[] = [];
  for (const [i, [session, run]] of sessions.entries()) {
    for (let runs = 0; runs < TRACED_RUNS && session.traced === undefined; runs++) await run();
    const { provider, nodes, traced } = session;
    const known = Object.keys(nodes).length > 0 ? nodes : traced?.nodes ?? {};
    parts.push({
      part: PARTS[i],
      provider,
      nodes: { ...known },
      ...(traced && { operators: [...traced.operators] }),
    });
  }
  const record = { ...key, at: new Date().toISOString(), steps, parts };
  await keepBuild(manifest, record);
  return record;
}

/** `image first run`. */
function stepName({ part, action }: BuildStep): string {
  return `${part} ${action}`;
}

/** From the former build's times if there is one, else from the operations of the parts. */
function weights({ model: { manifest }, window }: BuildOptions, former: BuildRecord | undefined) {
  const flops: Record<string, number> = {
    image: manifest.image.flops ?? 1,
    audio: manifest.audio.flops_per_second === undefined
      ? 1
      : manifest.audio.flops_per_second * window,
  };
  const all = flops.image + flops.audio;
  return (step: BuildStep) =>
    // The similarity is small: a hundredth of the rest, for the work that every step has.
    former?.steps[stepName(step)] ?? (flops[step.part] ?? 0) + all / 100;
}
