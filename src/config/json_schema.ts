import { z } from "zod";

type JsonSchema = z.core.JSONSchema.BaseSchema;

const VARIABLE = {
  type: "string",
  pattern: "\\$\\{[A-Za-z_][A-Za-z0-9_]*(:-.*)?\\}",
  description: "Holds ${NAME} or ${NAME:-default}, expanded from the environment",
} as const;

/**
 * The JSON Schema (draft 2020-12) of a configuration file as it is written, for editors. Any value that is not free text
 * may be written with a `${VARIABLE}` instead; `name` may be left out.
 */
export function configJsonSchema(config: z.ZodType, title: string): JsonSchema {
  const schema = z.toJSONSchema(config, { io: "input" });
  return {
    ...allowVariables(schema),
    title,
    required: schema.required?.filter((key) => key !== "name"),
    $defs: { variable: { ...VARIABLE } },
  };
}

const ANNOTATIONS = ["title", "description", "default"];

function allowVariables(schema: JsonSchema): JsonSchema {
  if (schema.type === "object") {
    const { properties, additionalProperties } = schema;
    return {
      ...schema,
      ...(properties && { properties: mapped(properties) }),
      ...(typeof additionalProperties === "object" &&
        { additionalProperties: allowVariables(additionalProperties) }),
    };
  }
  if (schema.type === "array") {
    const { items, prefixItems } = schema;
    return {
      ...schema,
      ...(prefixItems &&
        { prefixItems: prefixItems.map((item) => allowVariables(item as JsonSchema)) }),
      ...(typeof items === "object" && { items: allowVariables(items as JsonSchema) }),
    };
  }
  if (schema.type === "string" && !schema.pattern && !schema.enum) return schema;
  const entries = Object.entries(schema);
  const about = entries.filter(([key]) => ANNOTATIONS.includes(key));
  const rule = Object.fromEntries(entries.filter(([key]) => !ANNOTATIONS.includes(key)));
  const branches = Array.isArray(rule.anyOf) ? rule.anyOf : [rule];
  return { ...Object.fromEntries(about), anyOf: [...branches, { $ref: "#/$defs/variable" }] };
}

function mapped(schemas: Record<string, unknown>): Record<string, JsonSchema> {
  return Object.fromEntries(
    Object.entries(schemas).map(([key, schema]) => [key, allowVariables(schema as JsonSchema)]),
  );
}
