import type { z } from "zod";
import { basename, dirname, extname, resolve } from "node:path";
import { readStart, UnreadableFileError } from "../core/file_start.ts";
import { expandVariables } from "./expand.ts";
import { explain } from "./explain.ts";
import { byPlace, type ConfigFault } from "./fault.ts";
import { knownKeys } from "./known_keys.ts";
import { type BinaryContent, binaryContent } from "./not_text.ts";
import { applyOverrides, type Override, overrideAt } from "./override.ts";
import { rememberUrlPasswords } from "../core/secrets.ts";
import { type ConfigPath, type Position, YamlText } from "./yaml_text.ts";

/** What a YAML file holds, overrides and variables in, before its schema has been applied; and where. */
export interface ConfigDocument {
  /** As given. */
  readonly file: string;
  /** Absolute folder of the file; relative paths in it start here. */
  readonly folder: string;
  /** Declared, or taken from the file's name; empty when what is declared is no string. */
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

/** How one file is read. */
export interface ReadOptions {
  readonly overrides?: readonly Override[];
  /** Default: this process's environment. */
  readonly environment?: (name: string) => string | undefined;
  /** What to do about a file that is binary, or does not exist (no content); added to its fault. */
  readonly advice?: (file: string, content?: BinaryContent) => string | undefined;
  /** YAML to read in place of a binary file; undefined: the file is a fault. */
  readonly standIn?: (file: string, content: BinaryContent) => string | undefined;
}

/** Largest size of a file, in bytes; real ones are far smaller. */
const MOST_BYTES = 1_000_000;

/**
 * Reads one YAML file, checks it against `schema` and gathers all its faults; throws nothing that a user can cause.
 * A mapping without a `name` takes the file's.
 */
export async function readConfig<S extends z.ZodType>(
  schema: S,
  file: string,
  options: ReadOptions = {},
): Promise<ConfigReading<z.output<S>>> {
  const { overrides = [], environment = (name) => Deno.env.get(name) } = options;
  const source = await readSource(file, options);
  if (typeof source !== "string") return unreadable([source]);
  const text = new YamlText(file, source);
  if (!text.readable) return unreadable(text.faults);
  const faults = [...text.faults, ...applyOverrides(text.yaml, overrides)];
  const unexpanded = expandVariables(text.yaml, environment);
  const places = placesIn(text, overrides);
  const unexpandedPaths = new Set<string>();
  for (const { path, range, reference, message } of unexpanded) {
    unexpandedPaths.add(path.join("."));
    faults.push(
      range === undefined
        ? places.fault(path, `${reference} ${message}`)
        : { file, ...placeOf(text, range, reference), message: `${reference} ${message}` },
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
    // A value with an unset variable breaks its schema, too: one fault is enough.
    if (unexpandedPaths.has(issue.path.join("."))) continue;
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

/** The text of a file, or the reason why it cannot be used. */
async function readSource(
  file: string,
  { advice = () => undefined, standIn = () => undefined }: ReadOptions,
): Promise<string | ConfigFault> {
  const fault = (message: string, hint?: string) => ({
    file,
    message: hint === undefined ? message : `${message}; ${hint}`,
  });
  try {
    const { bytes, whole } = await readStart(file, MOST_BYTES);
    const binary = await binaryContent(bytes);
    if (binary !== undefined) {
      const text = standIn(file, binary);
      if (text !== undefined) return text;
      const { kind, shown } = binary;
      const what = kind === "other" ? `must be YAML, got ${shown}` : `this is ${shown}`;
      return fault(what, advice(file, binary));
    }
    if (!whole) return fault(`must be YAML of at most ${MOST_BYTES / 1e6} MB`);
    return new TextDecoder().decode(bytes);
  } catch (cause) {
    if (!(cause instanceof UnreadableFileError)) throw cause;
    const missing = cause.message === "no such file";
    return fault(`cannot be read: ${cause.message}`, missing ? advice(file) : undefined);
  }
}

/** Where a variable is written, within the value at `range`. */
function placeOf(text: YamlText, [start, end]: readonly [number, number], reference: string) {
  const at = text.text.slice(start, end).indexOf(reference);
  // Escapes inside double quotes can spell it in another way.
  return text.positionAt(start + Math.max(0, at));
}

function placesIn(text: YamlText, overrides: readonly Override[]) {
  const locate = text.locator();
  const around = (path: ConfigPath): Position => {
    for (let length = path.length; length > 0; length--) {
      const place = locate(path.slice(0, length), length < path.length ? "key" : "value");
      if (place !== undefined) return place;
    }
    return { line: 1, column: 1 };
  };
  const fault = (path: ConfigPath, message: string, part: "key" | "value" = "value") => {
    const place = locate(path, part);
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
