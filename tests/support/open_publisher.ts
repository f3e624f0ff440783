import { makeSinks } from "../../src/publish/make_sinks.ts";
import { MqttSink } from "../../src/publish/mqtt/mqtt_sink.ts";
import type { PublishConfig } from "../../src/publish/publish_schema.ts";
import { Publisher } from "../../src/publish/publisher.ts";
import type { SinkContext } from "../../src/publish/sink_descriptor.ts";

/** Makes and opens the sinks of a `publish` block, as a pipeline does. */
export async function openPublisher(
  config: PublishConfig,
  context: SinkContext,
): Promise<{ publisher: Publisher; urls: string[] }> {
  const sinks = makeSinks(config, context);
  const publisher = new Publisher(() => sinks, context.log);
  await publisher.open();
  return { publisher, urls: sinks.flatMap((sink) => sink instanceof MqttSink ? [sink.url] : []) };
}
