import { openCapture } from "../capture/capture.ts";
import { requireElements } from "../capture/inspect.ts";
import { planCapture } from "../capture/plan.ts";
import type { SourceDescriptor } from "../capture/source.ts";
import { SOURCES } from "../capture/sources.ts";
import type { Log } from "../core/log.ts";
import type { Manifest } from "../model/manifest.ts";
import { makeSinks } from "../publish/make_sinks.ts";
import type { AnySink } from "../publish/sink_descriptor.ts";
import { SINKS } from "../publish/sinks.ts";
import { EnginePool } from "./engine_pool.ts";
import type { PipelineParts, Source } from "./parts.ts";
import { Pipeline } from "./pipeline.ts";
import type { EventListener } from "./reporter.ts";
import type { PipelineConfig } from "./schema.ts";

/** What composing a pipeline takes besides its configuration. */
export interface ComposeOptions {
  /** The pipeline file's folder; relative paths start there. */
  readonly folder: string;
  readonly log: Log;
  /** Receives each event as it is published. */
  readonly heard?: EventListener;
  /** The engines of the process; pipelines that are given the same pool share their models. Default: one of its own. */
  readonly engines?: EnginePool;
  /** The kinds of source. Default: all of Whence. */
  readonly sources?: readonly SourceDescriptor[];
  /** The kinds of sink. Default: all of Whence. */
  readonly sinks?: readonly AnySink[];
}

/** Makes a pipeline from its configuration: the one place that knows which parts there are. */
export function composePipeline(config: PipelineConfig, options: ComposeOptions): Pipeline {
  const { folder, log, heard, engines = new EnginePool() } = options;
  const { sources = SOURCES, sinks = SINKS } = options;
  const parts: PipelineParts = {
    loadEngine: (log) => engines.acquire(config, folder, log),
    source: (manifest) => sourceOf(config, folder, manifest, sources),
    sinks: (callbacks) =>
      makeSinks(config.publish, { pipeline: config.name, folder, ...callbacks }, sinks),
  };
  return new Pipeline({ config, parts, log, heard });
}

function sourceOf(
  { source }: PipelineConfig,
  folder: string,
  manifest: Manifest,
  sources: readonly SourceDescriptor[],
): Source {
  const { image: { width, height }, audio: { sample_rate: sampleRate } } = manifest;
  const plan = planCapture(source, { width, height, sampleRate, folder, sources });
  return {
    device: plan.video.endless === "device" || plan.audio.endless === "device",
    reopens: plan.reopens,
    repeats: !plan.reopens && [plan.video, plan.audio].some(({ endless }) => endless === "no"),
    require: () => requireElements(plan.elements),
    open: (signal) => openCapture(plan, { signal }),
  };
}
