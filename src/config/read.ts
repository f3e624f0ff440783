import type { z } from "zod";
import { basename, dirname, extname, resolve } from "node:path";
import { expandVariables } from "./expand.ts";
import { explain } from "./explain.ts";
import { byPlace, type ConfigFault } from "./fault.ts";
import { knownKeys } from "./known_keys.ts";
import { applyOverrides, type Override, overrideAt } from "./override.ts";
import { rememberUrlPasswords } from "../core/secrets.ts";
import { type ConfigPath, type Position, YamlText } from "./yaml_text.ts";

/** What a YAML file holds, overrides and variables in, before its schema has been applied; and where. */
export interface ConfigDocument {
  /** As given. */
  readonly file: string;
  /** Absolute folder of the file; relative paths in it start here. */
  readonly folder: string;
  /** Declared, or taken from the file's name; empty when what is declared is no text. */
  readonly name: string;
  readonly content: unknown;
  /** Place of the value at `path`, or of the nearest block around it. */
  locate(path: ConfigPath): Position;
  /** A fault of the value (or the key) at `path`: in the file, or in the `--set` that it comes from. */
  fault(path: ConfigPath, message: string, part?: "key" | "value"): ConfigFault;
}

/** One file, read. */
export interface ConfigReading<T> {
  /** Absent when the file is no YAML. */
  readonly document: ConfigDocument | undefined;
  /** Absent when there is any fault. */
  readonly config: T | undefined;
  readonly faults: readonly ConfigFault[];
}

/**
 * Reads one YAML file, checks it against `schema` and gathers all its faults; throws nothing that a user can cause.
 * A mapping without a `name` takes the file's.
 */
export async function readConfig<S extends z.ZodType>(
  schema: S,
  file: string,
  overrides: readonly Override[] = [],
  environment: (name: string) => string | undefined = (name) => Deno.env.get(name),
): Promise<ConfigReading<z.output<S>>> {
  let source: string;
  try {
    source = await Deno.readTextFile(file);
  } catch (cause) {
    const missing = cause instanceof Deno.errors.NotFound;
    return unreadable([{ file, message: missing ? "there is no such file" : reason(cause) }]);
  }
  const text = new YamlText(file, source);
  if (!text.readable) return unreadable(text.faults);
  const faults = [...text.faults, ...applyOverrides(text.yaml, overrides)];
  const places = placesIn(text, overrides);
  const unexpanded = new Set<string>();
  for (const { path, offset, reference, message } of expandVariables(text.yaml, environment)) {
    const sentence = `${reference} ${message}`;
    unexpanded.add(path.join("."));
    faults.push(
      offset === undefined
        ? places.fault(path, sentence)
        : { file, ...text.positionAt(source.indexOf(reference, offset)), message: sentence },
    );
  }
  let content: unknown;
  try {
    content = withName(text.yaml.toJS(), file);
  } catch (cause) {
    return unreadable([...faults, { file, message: `not valid YAML: ${reason(cause)}` }]);
  }
  rememberUrlPasswords(content);
  const result = schema.safeParse(content);
  for (const issue of result.error?.issues ?? []) {
    // What a value with a variable missing breaks besides says nothing new.
    if (unexpanded.has(issue.path.join("."))) continue;
    const keysAt = (path: ConfigPath) => knownKeys(schema, path);
    for (const { path, part, message } of explain(issue, content, keysAt)) {
      faults.push(places.fault(path, message, part));
    }
  }
  const name = (content as { name?: unknown } | null)?.name;
  return {
    document: {
      file,
      folder: dirname(resolve(file)),
      name: typeof name === "string" ? name : "",
      content,
      ...places,
    },
    config: faults.length === 0 ? result.data : undefined,
    faults: faults.toSorted(byPlace),
  };
}

function placesIn(text: YamlText, overrides: readonly Override[]) {
  const around = (path: ConfigPath): Position => {
    for (let length = path.length; length > 0; length--) {
      const place = text.locate(path.slice(0, length), length < path.length ? "key" : "value");
      if (place !== undefined) return place;
    }
    return { line: 1, column: 1 };
  };
  const fault = (path: ConfigPath, message: string, part: "key" | "value" = "value") => {
    const place = text.locate(path, part);
    const override = place === undefined ? overrideAt(overrides, path) : undefined;
    if (override !== undefined) return { file: `--set ${override.key}`, message };
    return { file: text.file, ...(place ?? around(path)), message };
  };
  return { locate: around, fault };
}

function withName(content: unknown, file: string): unknown {
  if (typeof content !== "object" || content === null || Array.isArray(content)) return content;
  if ("name" in content) return content;
  const name = basename(file, extname(file)).toLowerCase().replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
  return { name, ...content };
}

function unreadable(faults: readonly ConfigFault[]): ConfigReading<never> {
  return { document: undefined, config: undefined, faults };
}

function reason(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).split("\n")[0];
}
