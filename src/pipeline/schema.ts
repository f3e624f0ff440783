import { z } from "zod";
import type { SourceDescriptor } from "../capture/source.ts";
import { sourceSchemaOf } from "../capture/source_schema.ts";
import { SOURCES } from "../capture/sources.ts";
import { onceGood } from "../config/once_good.ts";
import { cameraSchema } from "../detection/camera_schema.ts";
import { detectSchema } from "../detection/detect_schema.ts";
import { foxgloveSchema } from "../foxglove/foxglove_schema.ts";
import { metricsSchema } from "../metrics/metrics_schema.ts";
import { windowSchema } from "../grounding/window_schema.ts";
import { labelsSchema } from "../labels/labels_schema.ts";
import { runtimeSchema } from "../model/runtime_schema.ts";
import { filterOf } from "../publish/event_filter.ts";
import { type PublishConfig, publishSchemaOf } from "../publish/publish_schema.ts";
import type { AnySink } from "../publish/sink_descriptor.ts";
import { SINKS } from "../publish/sinks.ts";
import { recordSchema } from "../record/record_schema.ts";
import { viewSchema } from "../viewer/view_schema.ts";

/** The kinds of part that a pipeline file can name. Default: all of Whence. */
export interface Registries {
  readonly sources?: readonly SourceDescriptor[];
  readonly sinks?: readonly AnySink[];
}

/** The schema of one pipeline file. */
export function pipelineSchemaOf({ sources = SOURCES, sinks = SINKS }: Registries = {}) {
  return z.strictObject({
    name: z.string().regex(/^[a-z0-9-]+$/, "must be lower-case letters, digits and -")
      .describe("Default: the file's name"),
    source: sourceSchemaOf(sources).describe(
      "Where picture and sound come from: exactly one of `uri`; `video` and `audio`; `graph`.",
    ),
    window: windowSchema.prefault({}).describe(
      "How the audio is cut for the model. `hop` + `lookahead` must not be longer than `duration`.",
    ),
    model: z.string().min(1).describe("A folder under models/, or a path"),
    things: z.string().min(1).optional().describe(
      "Bank of things that `whence show` wrote: the model then finds them, too. A path, relative to this file.",
    ),
    labels: labelsSchema.prefault({}).describe("Which names events get; see docs/labels.md."),
    runtime: runtimeSchema.prefault({}).describe("What the model runs on."),
    detect: detectSchema.prefault({}).describe("How scores become events and regions."),
    camera: cameraSchema.prefault({}).describe(
      "Frame id and optics: with `hfov`, or with all of `fx`, `fy`, `cx`, `cy`, events have a bearing.",
    ),
    view: viewSchema.optional().describe(
      "Live page of the running pipeline (`whence run --view`); off without this block. `view: {}` takes the defaults.",
    ),
    foxglove: foxgloveSchema.optional().describe(
      "Serves Foxglove and Lichtblick while the pipeline runs (`whence run --foxglove`); off without this block. `foxglove: {}` takes the defaults.",
    ),
    record: recordSchema.optional().describe(
      "Pictures and clips with sound of each event, or everything in segments; off without this block.",
    ),
    metrics: metricsSchema.optional().describe(
      "Where `/metrics` (Prometheus) and `/healthz` are served, such as `127.0.0.1:9464`; off without this key. " +
        "One server shows all pipelines of a process.",
    ),
    // The keys of made-up sinks, too, are checked; the type names those of Whence.
    publish: (publishSchemaOf(sinks) as z.ZodType<PublishConfig>).describe(
      "Where events go: at least one of the keys below. Without this block, to `mqtt://localhost:1883`.",
    ),
  }).superRefine(({ detect, publish }, context) => {
    for (const [key, config] of Object.entries(publish)) {
      filterOf(config)?.zones?.forEach((zone, i) => {
        if (Object.hasOwn(detect.zones, zone)) return;
        const message = "must be a zone of detect.zones";
        context.addIssue({ code: "custom", path: ["publish", key, "zones", i], message });
      });
    }
  }, onceGood("detect", "publish"));
}

/** The schema of one pipeline file, for all parts of Whence. */
export const pipelineSchema = pipelineSchemaOf();
/** A checked pipeline with every default filled in. */
export type PipelineConfig = z.infer<typeof pipelineSchema>;
