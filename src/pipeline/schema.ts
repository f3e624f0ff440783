import { z } from "zod";
import { sourceSchema } from "../capture/source_schema.ts";
import { cameraSchema } from "../detection/camera_schema.ts";
import { detectSchema } from "../detection/detect_schema.ts";
import { windowSchema } from "../grounding/window_schema.ts";
import { runtimeSchema } from "../model/runtime_schema.ts";
import { publishSchema } from "../publish/publish_schema.ts";

/** One pipeline file. */
export const pipelineSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]+$/, "must be lower-case letters, digits and -")
    .describe("Default: the file's name"),
  source: sourceSchema,
  window: windowSchema.prefault({}),
  model: z.string().min(1).describe("A folder under models/, or a path"),
  runtime: runtimeSchema.prefault({}),
  detect: detectSchema.prefault({}),
  camera: cameraSchema.prefault({}),
  publish: publishSchema.prefault({ mqtt: {} }),
});
/** A checked pipeline with every default filled in. */
export type PipelineConfig = z.infer<typeof pipelineSchema>;
