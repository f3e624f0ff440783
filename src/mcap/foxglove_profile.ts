import { CHANNEL_TOPICS, channelsOf, LASTING } from "../foxglove/channels.ts";
import { FoxgloveEncoder } from "../foxglove/foxglove_encoder.ts";
import type { McapChannel, McapProfile } from "./mcap_profile.ts";

/** JSON with Foxglove's schemas. */
export const foxgloveProfile: McapProfile = {
  header: "",
  topics: CHANNEL_TOPICS,
  lasting: LASTING,
  channels(pipeline) {
    const channels = Object.entries(channelsOf(pipeline)).map(([name, channel]) => {
      const encodings = { schemaEncoding: "jsonschema", messageEncoding: "json" };
      return [name, { ...channel, ...encodings }] satisfies [string, McapChannel];
    });
    return Object.fromEntries(channels);
  },
  encoder: (pipeline) => new FoxgloveEncoder(pipeline),
};
