import { resolvePath } from "../../core/paths.ts";
import { probeFolder } from "../../core/probe_folder.ts";
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
  async probe({ path }, { folder }) {
    try {
      const { detail } = await probeFolder(resolvePath(folder, path));
      return { status: "ok", detail };
    } catch (error) {
      return { status: "broken", detail: error instanceof Error ? error.message : String(error) };
    }
  },
};
