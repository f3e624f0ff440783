import { join } from "node:path";
import { resolvePath } from "../../core/paths.ts";
import { probeFile } from "../jsonl/probe_file.ts";
import { mcapSchema, McapSink } from "../mcap/mcap_sink.ts";
import type { SinkDescriptor } from "../sink_descriptor.ts";

/** MCAP files for Foxglove and other robotics tools. */
export const mcapSink: SinkDescriptor<"mcap", typeof mcapSchema> = {
  key: "mcap",
  schema: mcapSchema,
  help: "MCAP files with pictures, maps, scores, events and log, for Foxglove and Lichtblick",
  area: "MCAP files",
  fileKeys: [],
  cameraPictures: () => true,
  reach: ({ path }, { folder }) => ({ write: [resolvePath(folder, path)] }),
  make: (config, { folder, pipeline, telemetry, log }) =>
    new McapSink(config, resolvePath(folder, config.path), { pipeline, telemetry, log }),
  target: ({ path }) => path,
  describe: ({ path }, { folder }) => resolvePath(folder, path),
  probe: ({ path }, { folder, pipeline = "whence" }) =>
    probeFile(join(resolvePath(folder, path), `${pipeline}.mcap`)),
};
