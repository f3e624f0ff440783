import type { z } from "zod";
import { filterOf } from "./event_filter.ts";
import { FilteredSink } from "./filtered_sink.ts";
import { filteredTelemetry } from "./filtered_telemetry.ts";
import type { PublishConfig } from "./publish_schema.ts";
import type { Sink } from "./sink.ts";
import type { AnySink, SinkContext, SinkDescriptor } from "./sink_descriptor.ts";
import { SINKS } from "./sinks.ts";

/** A sink that a `publish` block uses, and its configuration. */
export interface UsedSink {
  readonly descriptor: AnySink;
  readonly config: unknown;
}

/** The sinks that a `publish` block uses, in the order of the registry. */
export function usedSinks(publish: PublishConfig, sinks: readonly AnySink[] = SINKS): UsedSink[] {
  const configs: Readonly<Record<string, unknown>> = publish;
  return sinks.filter(({ key }) => configs[key] !== undefined)
    .map((descriptor) => ({ descriptor, config: configs[descriptor.key] }));
}

/** The configuration of one kind of sink; undefined if the `publish` block does not use it. */
export function configOf<Schema extends z.ZodType>(
  publish: PublishConfig,
  { key }: SinkDescriptor<string, Schema>,
): z.output<Schema> | undefined {
  return (publish as Readonly<Record<string, z.output<Schema> | undefined>>)[key];
}

/** Makes the sinks that a `publish` block uses, with their filters; they are not opened yet. */
export function makeSinks(
  publish: PublishConfig,
  context: SinkContext,
  sinks: readonly AnySink[] = SINKS,
): Sink[] {
  const { telemetry } = context;
  return usedSinks(publish, sinks).map(({ descriptor, config }) => {
    const filter = filterOf(config);
    if (filter === undefined) return descriptor.make(config, context);
    const heard = telemetry && filteredTelemetry(telemetry, filter);
    return new FilteredSink(descriptor.make(config, { ...context, telemetry: heard }), filter);
  });
}
