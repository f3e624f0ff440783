import { z } from "zod";
import { onceGood } from "../config/once_good.ts";
import { type EventFilter, filterSchema } from "./event_filter.ts";
import type { AnySink } from "./sink_descriptor.ts";
import { SINKS } from "./sinks.ts";

/** A sink's configuration with the keys of the filter where it is a mapping. */
type Filtered<Config> = Config extends object ? Config & EventFilter : Config;

/** A checked `publish` block for a list of sinks: a key for each sink that is used. */
export type PublishConfigOf<Sinks extends readonly AnySink[]> = {
  [Descriptor in Sinks[number] as Descriptor["key"]]?: Filtered<z.output<Descriptor["schema"]>>;
};

type PublishInputOf<Sinks extends readonly AnySink[]> = {
  [Descriptor in Sinks[number] as Descriptor["key"]]?: Filtered<z.input<Descriptor["schema"]>>;
};

/** A checked `publish` block. */
export type PublishConfig = PublishConfigOf<typeof SINKS>;

/** The schema of `publish`: where events go. At least one sink; by default the one with a standard configuration. */
export function publishSchemaOf<const Sinks extends readonly AnySink[]>(
  sinks: Sinks,
): z.ZodType<PublishConfigOf<Sinks>, PublishInputOf<Sinks> | undefined> {
  const keys = sinks.map(({ key }) => key);
  const shape = Object.fromEntries(
    sinks.map(({ key, schema, help }) => [key, withFilter(schema).optional().describe(help)]),
  );
  const standard = sinks.find((sink) => sink.standard !== undefined);
  const schema = z.strictObject(shape).refine(
    (publish) => keys.some((key) => publish[key] !== undefined),
    { message: `must have at least one of ${keys.join(", ")}`, ...onceGood(...keys) },
  );
  const result = standard === undefined
    ? schema
    : schema.prefault({ [standard.key]: standard.standard });
  // The keys of a list of sinks are known to the type, but not to the shape that is made of them.
  return result as unknown as z.ZodType<PublishConfigOf<Sinks>, PublishInputOf<Sinks> | undefined>;
}

/** The schema of `publish` with the sinks of this program. */
export const publishSchema = publishSchemaOf(SINKS);

/** Adds the keys of the filter to each mapping that a sink's schema allows. */
function withFilter(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodUnion) {
    return z.union((schema.options as z.ZodType[]).map(withFilter));
  }
  return schema instanceof z.ZodObject ? schema.safeExtend(filterSchema.shape) : schema;
}
