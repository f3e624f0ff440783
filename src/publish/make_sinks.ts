import { resolve } from "node:path";
import type { Log } from "../core/log.ts";
import { JsonlSink } from "./jsonl_sink.ts";
import { MqttSink } from "./mqtt/mqtt_sink.ts";
import type { PublishConfig } from "./publish_schema.ts";
import type { Sink } from "./sink.ts";

/** What sinks need besides the `publish` block of a pipeline file. */
export interface SinkContext {
  /** The pipeline's name. */
  readonly pipeline: string;
  /** Folder of the pipeline file; relative names start there. */
  readonly folder: string;
  readonly log: Log;
  /** Called for each valid message on `P/NAME/set`. */
  readonly onSet?: (enabled: boolean) => void;
}

/** Makes the sinks that a `publish` block names; they are not opened yet. */
export function makeSinks({ mqtt, jsonl }: PublishConfig, context: SinkContext): Sink[] {
  return [
    ...(mqtt === undefined ? [] : [new MqttSink(mqtt, context)]),
    ...(jsonl === undefined ? [] : [new JsonlSink(resolve(context.folder, jsonl), context.log)]),
  ];
}
