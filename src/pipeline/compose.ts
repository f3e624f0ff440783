import { openCapture } from "../capture/capture.ts";
import { CaptureError } from "../capture/capture_error.ts";
import { inspectWithHints } from "../capture/inspect_with_hints.ts";
import { examineCapture } from "../capture/examine_capture.ts";
import { findDecoding } from "../capture/find_decoding.ts";
import { jpegEncoder } from "../capture/jpeg_encoder.ts";
import { planCapture } from "../capture/plan.ts";
import { requirePlan } from "../capture/require_plan.ts";
import { SOURCE_KEYS, type SourceDescriptor } from "../capture/source.ts";
import { readAddress } from "../capture/source_address.ts";
import { SOURCES } from "../capture/sources.ts";
import { tryPlan } from "../capture/try_plan.ts";
import type { SourceConfig } from "../capture/source_schema.ts";
import type { Decoding } from "../capture/video_hardware.ts";
import type { Log } from "../core/log.ts";
import { resolvePath } from "../core/paths.ts";
import { loadLabeler } from "../labels/load_labeler.ts";
import { unusedLabels } from "./label_filters.ts";
import { PublishError } from "../publish/publish_error.ts";
import { findModel } from "../model/find_model.ts";
import type { Manifest } from "../model/manifest.ts";
import { makeSinks, usedSinks } from "../publish/make_sinks.ts";
import type { AnySink } from "../publish/sink_descriptor.ts";
import { SINKS } from "../publish/sinks.ts";
import { chooseVideoFormat } from "../record/choose_video_format.ts";
import { RecordError } from "../record/gst_process.ts";
import { EnginePool } from "./engine_pool.ts";
import type { PipelineParts, Source, SourceChecks } from "./parts.ts";
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
  /** Folder of this program's state. Default: nothing is kept over a restart. */
  readonly stateFolder?: string;
  /** The engines of the process; pipelines that are given the same pool share their models. Default: one of its own. */
  readonly engines?: EnginePool;
  /** Whether telemetry can offer camera pictures; they are encoded while they have a listener. */
  readonly pictures?: boolean;
  /** The kinds of source. Default: all of Whence. */
  readonly sources?: readonly SourceDescriptor[];
  /** The kinds of sink. Default: all of Whence. */
  readonly sinks?: readonly AnySink[];
}

/** Makes a pipeline from its configuration: the one place that knows which parts there are. */
export function composePipeline(config: PipelineConfig, options: ComposeOptions): Pipeline {
  const { log, heard } = options;
  return new Pipeline({ config, parts: composeParts(config, options), log, heard });
}

/** Makes the parts of a pipeline from its configuration. */
export function composeParts(
  config: PipelineConfig,
  options: Omit<ComposeOptions, "log" | "heard">,
): PipelineParts {
  const { folder, engines = new EnginePool(), stateFolder } = options;
  const { sources = SOURCES, sinks = SINKS } = options;
  const { record } = config;
  const pictures = options.pictures || record !== undefined ||
    usedSinks(config.publish, sinks).some(({ descriptor, config }) =>
      descriptor.cameraPictures?.(config)
    );
  return {
    loadEngine: (log) => engines.acquire(config, folder, log),
    labeler: async () => {
      const sources = { ...config.labels, things: config.things };
      const labeler = await loadLabeler(await findModel(config.model, folder), sources, folder);
      // Its sink would publish nothing, without a message.
      for (const { sink, message } of unusedLabels(config.publish, labeler)) {
        throw new PublishError(message, [sink]);
      }
      return labeler;
    },
    source: (manifest) => sourceOf(config, folder, { manifest, sources, pictures }),
    sinks: (callbacks) =>
      makeSinks(
        config.publish,
        {
          pipeline: config.name,
          folder,
          stateFolder,
          bearings: config.camera.hfov !== undefined || config.camera.fx !== undefined,
          ...callbacks,
        },
        sinks,
      ),
    record: record && (async (listened) => {
      // Loaded here: most pipelines record nothing.
      const { EventRecorder } = await import("../record/event_recorder.ts");
      return await EventRecorder.start({
        ...listened,
        config: record,
        pipeline: config.name,
        folder: resolvePath(folder, record.path),
        format: await chooseVideoFormat(inspectWithHints),
      });
    }),
  };
}

/** What `check` and `doctor` use to look at sources, and at what encodes recordings. */
export function sourceChecks(sources: readonly SourceDescriptor[] = SOURCES): SourceChecks {
  return {
    async plan(source, manifest, folder) {
      const decoding = await decodingFor(source);
      const plan = planCapture(source, { ...inputOf(manifest), folder, sources, decoding });
      return { shown: plan.shown, elements: plan.elements, fault: await tryPlan(plan) };
    },
    examine: (examined) => examineCapture(examined, sources),
    async encoderFault() {
      try {
        await chooseVideoFormat(inspectWithHints);
        return undefined;
      } catch (error) {
        if (!(error instanceof RecordError)) throw error;
        return error.message;
      }
    },
  };
}

/** Without GStreamer it is not known; its absence is among the faults already. */
async function decodingFor(source: SourceConfig): Promise<Decoding | undefined> {
  return await decodingOf(source).catch((error) => {
    if (error instanceof CaptureError && !error.permanent) return undefined;
    throw error;
  });
}

/** What decodes a source's video. A process of its own is not affected by what this one has switched off. */
function decodingOf({ decode, isolate, binding }: SourceConfig): Promise<Decoding> {
  const alone = isolate || binding === "superficial";
  return alone ? findDecoding(decode, () => false) : findDecoding(decode);
}

/** What a model takes. */
function inputOf({ image: { width, height }, audio: { sample_rate: sampleRate } }: Manifest) {
  return { width, height, sampleRate };
}

interface SourceOptions {
  readonly manifest: Manifest;
  readonly sources: readonly SourceDescriptor[];
  readonly pictures: boolean;
}

function sourceOf(
  { source }: PipelineConfig,
  folder: string,
  { manifest, sources, pictures }: SourceOptions,
): Source {
  const options = { ...inputOf(manifest), folder, sources };
  const plan = planCapture(source, options);
  const finalPlan = async (jpeg?: string) =>
    planCapture(source, {
      ...options,
      decoding: await decodingOf(source),
      jpeg,
      releases: true,
    });
  return {
    device: plan.video.endless === "device" || plan.audio.endless === "device",
    reopens: plan.reopens,
    repeats: !plan.reopens && [plan.video, plan.audio].some(({ endless }) => endless === "no"),
    require: async () => requirePlan(await finalPlan()),
    answers: async () => {
      const texts = SOURCE_KEYS.flatMap((key) => {
        const text = source[key];
        return text === undefined ? [] : [readAddress(text, key, folder, sources)];
      });
      const probes = await Promise.all(texts.map((address) => address.probe()));
      if (probes.some(({ status }) => status === "missing")) return false;
      // Of a graph nothing is known.
      return probes.some(({ status }) => status === "ok") || undefined;
    },
    open: async (signal) =>
      await openCapture(await finalPlan(pictures ? await jpegEncoder() : undefined), { signal }),
  };
}
