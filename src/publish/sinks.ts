import { jsonlSink } from "./sinks/jsonl.ts";
import { mcapSink } from "./sinks/mcap.ts";
import { mqttSink } from "./sinks/mqtt.ts";

/** Every sink that a pipeline file can name, a line each. */
export const SINKS = [
  mqttSink,
  jsonlSink,
  mcapSink,
] as const;
