import { z } from "zod";
import { dotted } from "./explain.ts";
import type { ConfigPath } from "./yaml_text.ts";

type Schema = z.core.$ZodType;
type JsonSchema = z.core.JSONSchema.BaseSchema;

/** One key of a configuration file, for people. */
interface Row {
  readonly key: string;
  readonly values: string;
  readonly fallback: string;
  readonly description: string;
}

/** A mapping with fixed keys. */
interface Block {
  readonly path: ConfigPath;
  readonly description: string;
  readonly rows: readonly Row[];
}

/**
 * The reference of a configuration schema in Markdown: one section per block, one table row per key with its values,
 * default and description. Everything comes from the schema: values are described in the words of its errors, and a
 * description that ends in "Default: TEXT" states a default that the schema itself cannot.
 *
 * @param schema an object schema.
 * @param level heading level of the top-level blocks.
 */
export function configReference(schema: z.core.$ZodType, level = 2): string {
  return blocksOf(schema, [])
    .filter(({ rows, description }) => rows.length > 0 || description !== "")
    .map((block) => sectionOf(block, level))
    .join("\n");
}

function blocksOf(schema: Schema, path: ConfigPath): Block[] {
  const inner: Block[] = [];
  const rows: Row[] = [];
  for (const [key, value] of Object.entries(shapeOf(schema)!)) {
    const at = [...path, key];
    const nested = objectIn(value);
    if (nested) {
      // The outermost description is the one that the key's owner wrote last.
      const [own, ...deeper] = blocksOf(nested, at);
      inner.push({ ...own, description: own.description || describe(value) }, ...deeper);
    }
    if (!nested || isUnion(value)) rows.push(rowOf(at, value));
  }
  return [{ path, description: describe(schema), rows }, ...inner];
}

function rowOf(path: ConfigPath, schema: Schema): Row {
  const json = jsonSchemaOf(schema);
  const [, description, stated] = /^(.*?)\s*(?:Default: (.*))?$/s.exec(json.description ?? "")!;
  const required = !z.safeParse(schema, undefined).success;
  return {
    key: String(path.at(-1)),
    values: valuesOf(schema),
    fallback: stated ??
      (json.default !== undefined ? code(json.default) : required ? "**required**" : "–"),
    description,
  };
}

function sectionOf({ path, description, rows }: Block, level: number): string {
  const heading = `${"#".repeat(level + path.length - 1)} ${dotted(path)}`;
  const table = rows.map(({ key, values, fallback, description }) =>
    `| ${[code(key), values, fallback, description].map(cell).join(" | ")} |`
  );
  return [
    ...(path.length === 0 ? [] : [heading, ""]),
    ...(description === "" ? [] : [description, ""]),
    ...(rows.length === 0
      ? []
      : ["| key | value | default | description |", "| --- | --- | --- | --- |", ...table, ""]),
  ].join("\n");
}

/** Strings that few keys allow; the error of a schema for them is its rule. */
const REFUSED = ["", "0ms", "0deg", "999999h"] as const;

/** What a key takes, in the words of its errors. */
function valuesOf(schema: Schema): string {
  const json = jsonSchemaOf(schema);
  if (json.type !== "string" || json.enum || json.const !== undefined) return valuesIn(json);
  const rules = REFUSED.flatMap((text) =>
    z.safeParse(schema, text).error?.issues.map(({ message }) => message) ?? []
  );
  const own = [...new Set(rules)].filter((rule) => rule.startsWith("must "));
  return own.length === 0
    ? "string"
    : own.map((rule) => rule.replace(/^must be (an? )?/, "")).join("; ");
}

function valuesIn(json: JsonSchema): string {
  if (json.const !== undefined) return code(json.const);
  if (json.enum) return json.enum.map(code).join(", ");
  if (json.anyOf) {
    return json.anyOf.map((branch) => valuesIn(branch as JsonSchema)).join(" or ");
  }
  switch (json.type) {
    case "boolean":
      return "`true`, `false`";
    case "number":
    case "integer":
      return [json.type === "integer" ? "integer" : "number", bounds(json)].filter(Boolean).join(
        ", ",
      );
    case "array": {
      if (json.prefixItems) return `[${json.prefixItems.map(() => "number").join(", ")}]`;
      const least = json.minItems === undefined ? "" : `, at least ${json.minItems}`;
      return `list of ${valuesIn(json.items as JsonSchema)}${least}`;
    }
    case "object":
      return typeof json.additionalProperties === "object"
        ? `mapping of names to ${valuesIn(json.additionalProperties as JsonSchema)}`
        : "mapping with the keys below";
    default:
      return "string";
  }
}

function bounds(json: JsonSchema): string {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = json;
  const most = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  if (minimum !== undefined && most !== undefined) return `${minimum} to ${most}`;
  return [
    minimum === undefined ? "" : `at least ${minimum}`,
    exclusiveMinimum === undefined ? "" : `above ${exclusiveMinimum}`,
    most === undefined ? "" : `at most ${most}`,
    exclusiveMaximum === undefined ? "" : `below ${exclusiveMaximum}`,
  ].filter(Boolean).join(", ");
}

interface Definition {
  readonly type: string;
  readonly innerType?: Schema;
  readonly in?: Schema;
  readonly shape?: Readonly<Record<string, Schema>>;
  readonly options?: readonly Schema[];
}

/** The definition under optional, default, prefault and codec wrappers. */
function definitionOf(schema: Schema): Definition {
  const definition = schema._zod.def as unknown as Definition;
  const inner = definition.innerType ?? definition.in;
  return inner === undefined ? definition : definitionOf(inner);
}

function shapeOf(schema: Schema): Readonly<Record<string, Schema>> | undefined {
  return definitionOf(schema).shape;
}

function isUnion(schema: Schema): boolean {
  return definitionOf(schema).options !== undefined;
}

/** The object schema that a key takes, alone or among others. */
function objectIn(schema: Schema): Schema | undefined {
  if (shapeOf(schema)) return schema;
  return definitionOf(schema).options?.find((option) => shapeOf(option));
}

function describe(schema: Schema): string {
  return jsonSchemaOf(schema).description ?? "";
}

function jsonSchemaOf(schema: Schema): JsonSchema {
  return z.toJSONSchema(schema, { io: "input" });
}

function code(value: unknown): string {
  return `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
