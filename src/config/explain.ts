import { distance } from "fastest-levenshtein";
import type { z } from "zod";
import { maskSecrets } from "../core/secrets.ts";
import type { ConfigPath } from "./yaml_text.ts";

type Issue = z.core.$ZodIssue;

/** An issue of a schema in words for the person who wrote the file. */
export interface Explanation {
  readonly path: ConfigPath;
  /** Whether the key itself is wrong, or its value. */
  readonly part: "key" | "value";
  readonly message: string;
}

/** Turns one issue of the schema into sentences such as `source.fit must be letterbox, crop or stretch, got "x"`. */
export function explain(
  issue: Issue,
  data: unknown,
  keysAt: (path: ConfigPath) => readonly string[],
): Explanation[] {
  const path = issue.path.map((part) => typeof part === "symbol" ? String(part) : part);
  if (issue.code === "unrecognized_keys") {
    const known = keysAt(path);
    return issue.keys.map((key) => ({
      path: [...path, key],
      part: "key" as const,
      message: `unknown key ${shortened(dotted([...path, key]))}${suggestion(key, known)}`,
    }));
  }
  const got = valueAt(data, path);
  if (issue.code === "invalid_key") {
    const rule = issue.issues[0]?.message ?? "is not allowed";
    const message = `${dotted(path.slice(0, -1))}: the name ${rule}, got ${show(path.at(-1))}`;
    return [{ path, part: "key", message }];
  }
  const name = path.length === 0 ? "the file" : shortened(dotted(path));
  const rule = ruleOf(issue);
  if (got === undefined && issue.code !== "custom") {
    return [{ path, part: "value", message: `${name} is missing; it ${rule}` }];
  }
  const shown = typeof got === "object" && got !== null && issue.code === "custom"
    ? ""
    : `, got ${show(got)}`;
  return [{ path, part: "value", message: `${name} ${rule}${shown}${hint(issue, got)}` }];
}

/** Characters of a value that a message shows. */
const LONGEST = 200;

/** `a.b.0` for a path. */
export function dotted(path: ConfigPath): string {
  return path.join(".");
}

const TYPES: Record<string, string> = {
  string: "a string",
  number: "a number",
  int: "an integer",
  boolean: "true or false",
  object: "a mapping",
  record: "a mapping",
  array: "a list",
  tuple: "a list",
};

function ruleOf(issue: Issue): string {
  if (issue.message.startsWith("must ")) return issue.message;
  switch (issue.code) {
    case "invalid_type":
      return `must be ${TYPES[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      return `must be ${anyOf(issue.values.map(String))}`;
    case "invalid_union": {
      const branches = issue.errors.flat();
      const values = branches.flatMap((i) => i.code === "invalid_value" ? i.values : []);
      if (values.length === branches.length) return `must be ${anyOf(values.map(String))}`;
      return [...new Set(branches.map(ruleOf))].join(", or ");
    }
    case "too_small":
    case "too_big": {
      const small = issue.code === "too_small";
      const bound = small ? issue.minimum : issue.maximum;
      if (issue.origin === "string") return bound === 1 ? "must not be empty" : sized("characters");
      if (issue.origin === "array") return sized(bound === 1 ? "item" : "items");
      if (issue.inclusive === false) return `must be ${small ? "above" : "below"} ${bound}`;
      return `must be ${small ? "at least" : "at most"} ${bound}`;
    }
    default:
      return issue.message;
  }

  function sized(what: string): string {
    if (issue.code === "too_small") return `must have at least ${issue.minimum} ${what}`;
    return `must have at most ${(issue as { maximum: number | bigint }).maximum} ${what}`;
  }
}

function hint(issue: Issue, got: unknown): string {
  if (issue.code !== "invalid_type" || typeof got !== "string") return "";
  const quoted = ["number", "int", "boolean"].includes(issue.expected) &&
    /^(-?[\d.]+|true|false)$/.test(got);
  return quoted ? " (write it without quotes)" : "";
}

function show(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return value.length === 1 ? "a list of 1" : `a list of ${value.length}`;
  if (typeof value === "object") return "a mapping";
  return typeof value === "string" ? JSON.stringify(shortened(value)) : JSON.stringify(value);
}

/** Text that would fill the screen, cut; secrets are masked first, as half of one would not be recognized. */
function shortened(text: string): string {
  if (text.length <= LONGEST) return text;
  return `${maskSecrets(text).slice(0, LONGEST)}…`;
}

function anyOf(words: readonly string[]): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}

function suggestion(key: string, known: readonly string[]): string {
  if (known.length === 0) return "";
  // Letters the words share break ties, so that swapped letters (fti, fit) win over other ones (fti, uri).
  const [nearest] = key.length > LONGEST ? [] : known.map((word) => ({
    word,
    away: distance(key, word) - shared(key, word) / 100,
  }))
    .toSorted((a, b) => a.away - b.away);
  const near = nearest && nearest.away <= Math.max(2, Math.floor(key.length / 3));
  return near ? `; did you mean ${nearest.word}?` : `; it must be ${anyOf(known)}`;
}

function shared(a: string, b: string): number {
  return [...a].filter((letter) => b.includes(letter)).length;
}

function valueAt(data: unknown, path: ConfigPath): unknown {
  let value = data;
  for (const step of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) {
      return undefined;
    }
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}
