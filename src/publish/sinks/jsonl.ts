import { dirname } from "node:path";
import { z } from "zod";
import { resolvePath } from "../../core/paths.ts";
import { JsonlSink } from "../jsonl/jsonl_sink.ts";
import { probeFile } from "../jsonl/probe_file.ts";
import type { SinkDescriptor } from "../sink_descriptor.ts";

const jsonlSchema = z.string().min(1);

/** A file with one event per line. */
export const jsonlSink: SinkDescriptor<"jsonl", typeof jsonlSchema> = {
  key: "jsonl",
  schema: jsonlSchema,
  help: "File to append events to, one JSON object per line",
  area: "Event file",
  fileKeys: [],
  reach: (path, { folder }) => ({ write: [dirname(resolvePath(folder, path))] }),
  make: (path, { folder, log }) => new JsonlSink(resolvePath(folder, path), log),
  target: (path) => path,
  describe: (path, { folder }) => resolvePath(folder, path),
  probe: (path, { folder }) => probeFile(resolvePath(folder, path)),
};
