/** The part of a JSON Schema that {@linkcode pythonTypes} translates. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema | false;
  readonly prefixItems?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly description?: string;
}

const NAMES: Readonly<Record<string, string>> = {
  string: "str",
  integer: "int",
  number: "float",
  boolean: "bool",
};

/**
 * A JSON Schema of an object as a Python module of `TypedDict`s, for Python 3.8 and newer. Limits of values are left out.
 *
 * @param name of the class for the whole object; classes of inner objects are named after their keys.
 * @throws {Error} if the schema has a part that has no translation.
 */
export function pythonTypes(schema: object, name: string): string {
  const classes: string[] = [];
  addClass(name, schema as Schema, classes);
  return [
    '"""Types of Whence\'s event messages. Generated from the JSON Schema by `deno task schema`; do not edit."""',
    "from typing import List, Literal, Optional, TypedDict",
    ...classes.map((text) => `\n\n${text}`),
  ].join("\n") + "\n";
}

function addClass(name: string, { properties = {}, required = [] }: Schema, into: string[]): void {
  const field = ([key, value]: [string, Schema]) => {
    const comment = value.description === undefined ? [] : [`    # ${value.description}`];
    return [...comment, `    ${key}: ${typeOf(value, key, into)}`].join("\n");
  };
  const fields = Object.entries(properties);
  const always = fields.filter(([key]) => required.includes(key)).map(field);
  const optional = fields.filter(([key]) => !required.includes(key)).map(field);
  // typing.NotRequired needs Python 3.11.
  const both = always.length > 0 && optional.length > 0;
  const base = both ? `${name}Required` : name;
  if (always.length > 0) into.push([`class ${base}(TypedDict):`, ...always].join("\n"));
  if (optional.length === 0) return;
  const bases = both ? base : "TypedDict";
  into.push([`class ${name}(${bases}, total=False):`, ...optional].join("\n"));
}

/** The Python type of a value; adds the classes that it needs. */
function typeOf(schema: Schema, key: string, into: string[]): string {
  const { type } = schema;
  if (schema.const !== undefined) return `Literal[${JSON.stringify(schema.const)}]`;
  if (schema.enum) {
    return `Literal[${schema.enum.map((value) => JSON.stringify(value)).join(", ")}]`;
  }
  const choices = schema.anyOf ??
    (Array.isArray(type) ? type.map((one): Schema => ({ ...schema, type: one })) : undefined);
  if (choices) {
    const [value, ...others] = choices.filter((choice) => choice.type !== "null");
    if (others.length === 0) return `Optional[${typeOf(value, key, into)}]`;
  } else if (type === "array") {
    const [item, ...others] = schema.prefixItems ?? [schema.items as Schema];
    const itemType = typeOf(item, key.replace(/s$/, ""), into);
    if (others.every((other) => typeOf(other, key, into) === itemType)) return `List[${itemType}]`;
  } else if (type === "object") {
    const name = `${key[0].toUpperCase()}${key.slice(1)}`;
    addClass(name, schema, into);
    return name;
  } else if (typeof type === "string" && type in NAMES) return NAMES[type];
  throw new Error(`Cannot write Python types: ${key} has no translation`);
}
