import type { z } from "zod";
import type { ConfigPath } from "./yaml_text.ts";

interface Definition {
  readonly type: string;
  readonly innerType?: z.core.$ZodType;
  readonly in?: z.core.$ZodType;
  readonly shape?: Record<string, z.core.$ZodType>;
  readonly valueType?: z.core.$ZodType;
  readonly element?: z.core.$ZodType;
}

/** The keys that a schema allows in the mapping at `path`; none if there is no mapping with fixed keys. */
export function knownKeys(schema: z.core.$ZodType, path: ConfigPath): string[] {
  let at: z.core.$ZodType | undefined = schema;
  for (const step of path) {
    const { shape, valueType, element } = definition(at);
    at = shape ? shape[step] : valueType ?? element;
    if (at === undefined) return [];
  }
  return Object.keys(definition(at).shape ?? {});
}

function definition(schema: z.core.$ZodType): Definition {
  const def = schema._zod.def as unknown as Definition;
  const inner = def.innerType ?? def.in;
  return inner === undefined ? def : definition(inner);
}
