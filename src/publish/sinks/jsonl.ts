import { dirname } from "node:path";
import { z } from "zod";
import { sizeSchema } from "../../config/units.ts";
import { resolvePath } from "../../core/paths.ts";
import { JsonlSink } from "../jsonl/jsonl_sink.ts";
import { probeFile } from "../jsonl/probe_file.ts";
import type { SinkDescriptor } from "../sink_descriptor.ts";

const pathSchema = z.string().min(1);

const fileSchema = z.strictObject({
  path: pathSchema.describe("The file; relative paths start at the pipeline file's folder"),
  max_size: sizeSchema.refine((bytes) => bytes >= 1e3, "must be at least 1kB").optional()
    .describe("Size at which the file becomes `PATH.1`, such as `10MB`. Default: never"),
  daily: z.boolean().default(false).describe(
    "Whether the file becomes `PATH.1` at the first event of a day, in local time",
  ),
  keep: z.int().min(1).max(1_000).default(5).describe("Older files kept: `PATH.1` to `PATH.5`"),
});

const jsonlSchema = z.union([pathSchema, fileSchema]);

const pathOf = (config: z.output<typeof jsonlSchema>) =>
  typeof config === "string" ? config : config.path;

const rotationOf = ({ max_size: maxBytes, daily, keep }: z.output<typeof fileSchema>) =>
  maxBytes === undefined && !daily ? undefined : { maxBytes, daily, keep };

/** A file with one event per line. */
export const jsonlSink: SinkDescriptor<"jsonl", typeof jsonlSchema> = {
  key: "jsonl",
  schema: jsonlSchema,
  help: "File to append events to, one JSON object per line",
  area: "Event file",
  fileKeys: [],
  reach: (config, { folder }) => ({ write: [dirname(resolvePath(folder, pathOf(config)))] }),
  make: (config, { folder, log }) => {
    const rotation = typeof config === "string" ? undefined : rotationOf(config);
    return new JsonlSink(resolvePath(folder, pathOf(config)), log, rotation);
  },
  target: pathOf,
  describe: (config, { folder }) => resolvePath(folder, pathOf(config)),
  probe: (config, { folder }) => probeFile(resolvePath(folder, pathOf(config))),
};
