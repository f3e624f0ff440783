import { isMap, isScalar, type Pair, parseDocument, stringify, type YAMLMap } from "yaml";

/** One key to set, or to remove if the value is undefined. */
export interface YamlEdit {
  readonly path: readonly string[];
  readonly value: unknown;
}

/** A text cannot be edited. */
export class YamlEditError extends Error {
  override name = "YamlEditError";
}

const INDENT = 2;

/**
 * YAML text with keys changed. All other text stays as it is, comments and layout included.
 *
 * @throws {YamlEditError} when the text is not valid YAML, or a parent of a key is not a mapping.
 */
export function editYaml(text: string, edits: readonly YamlEdit[]): string {
  return edits.reduce(
    (text, { path, value }) => value === undefined ? removed(text, path) : set(text, path, value),
    text,
  );
}

/** The lines of YAML that edits change, under their parent keys; a removed key is shown as a comment. */
export function editedLines(edits: readonly YamlEdit[]): string {
  const notes = edits.filter(({ value }) => value === undefined)
    .map(({ path }) => `# removed: ${path.join(".")}\n`);
  return editYaml("", edits.filter(({ value }) => value !== undefined)) + notes.join("");
}

function set(text: string, path: readonly string[], value: unknown): string {
  const yaml = read(text);
  const former = yaml.getIn(path, true) as { range?: [number, number, number] } | undefined;
  if (former?.range && former.range[1] > former.range[0]) {
    return spliced(text, former.range[0], former.range[1], inline(value));
  }
  const [parent, depth] = deepest(yaml.contents, path);
  const rest = path.slice(depth);
  if (parent === undefined) {
    if (yaml.contents !== null) throw new YamlEditError("it must be a mapping");
    return (text === "" || text.endsWith("\n") ? text : `${text}\n`) + nested(rest, value, 0);
  }
  const pair = pairOf(parent, rest[0]);
  if (pair !== undefined && !isEmpty(pair)) {
    throw new YamlEditError(`${path.slice(0, depth + 1).join(".")} must be a mapping`);
  }
  if (parent.flow) return setInFlow(text, parent, rest, value);
  const column = columnOf(text, startOf(pair ?? parent.items[0]));
  if (pair !== undefined) {
    if (rest.length === 1) {
      return spliced(text, valueEnd(pair), valueEnd(pair), ` ${inline(value)}`);
    }
    return insertedLines(text, valueEnd(pair), nested(rest.slice(1), value, column + INDENT));
  }
  return insertedLines(text, valueEnd(parent.items.at(-1)!), nested(rest, value, column));
}

function setInFlow(
  text: string,
  parent: YAMLMap,
  rest: readonly string[],
  value: unknown,
): string {
  const content = rest.slice(1).reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
  const entry = `${inline(rest[0])}: ${inline(content)}`;
  if (parent.items.length === 0) {
    return spliced(text, parent.range![0], parent.range![1], `{ ${entry} }`);
  }
  const end = valueEnd(parent.items.at(-1)!);
  return spliced(text, end, end, `, ${entry}`);
}

function removed(text: string, path: readonly string[]): string {
  const yaml = read(text);
  const parent = path.length === 1 ? yaml.contents : yaml.getIn(path.slice(0, -1), true);
  if (!isMap(parent)) return text;
  const pair = pairOf(parent, path.at(-1)!);
  if (pair === undefined) return text;
  if (parent.items.length === 1 && path.length > 1) return removed(text, path.slice(0, -1));
  if (parent.flow) {
    const { [path.at(-1)!]: _, ...others } = parent.toJS(yaml);
    return spliced(text, parent.range![0], parent.range![1], inline(others));
  }
  const start = text.lastIndexOf("\n", startOf(pair)) + 1;
  return spliced(text, start, lineEnd(text, valueEnd(pair)), "");
}

function read(text: string) {
  const yaml = parseDocument(text);
  if (yaml.errors.length > 0) {
    throw new YamlEditError(`it is not valid YAML: ${yaml.errors[0].message.split("\n")[0]}`);
  }
  return yaml;
}

/** The innermost mapping on a path that has entries or braces, and how many keys lead to it. */
function deepest(root: unknown, path: readonly string[]): [YAMLMap | undefined, number] {
  if (!isMap(root)) return [undefined, 0];
  let [parent, depth] = [root, 0];
  for (; depth < path.length - 1; depth++) {
    const child = parent.get(path[depth], true);
    if (!isMap(child)) break;
    parent = child;
  }
  return [parent, depth];
}

function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === key);
}

function isEmpty({ value }: Pair): boolean {
  return value === null || isScalar(value) && value.value === null;
}

type Ranged = { readonly range: [number, number, number] };

function startOf({ key }: Pair): number {
  return (key as Ranged).range[0];
}

/** Where a pair's value ends; after the colon if it has none. */
function valueEnd({ key, value }: Pair): number {
  const range = (value as Ranged | null)?.range;
  return range ? range[1] : (key as Ranged).range[1] + 1;
}

function columnOf(text: string, at: number): number {
  return at - (text.lastIndexOf("\n", at - 1) + 1);
}

/** Index after the end of the line in which the text before `at` ends. */
function lineEnd(text: string, at: number): number {
  const end = text.indexOf("\n", text[at - 1] === "\n" ? at - 1 : at);
  return end === -1 ? text.length : end + 1;
}

function insertedLines(text: string, after: number, lines: string): string {
  const at = lineEnd(text, after);
  const needsBreak = at > 0 && text[at - 1] !== "\n";
  return spliced(text, at, at, (needsBreak ? "\n" : "") + lines);
}

function spliced(text: string, start: number, end: number, part: string): string {
  return text.slice(0, start) + part + text.slice(end);
}

/** Keys below each other, the value after the last one. */
function nested(keys: readonly string[], value: unknown, column: number): string {
  return keys.map((key, i) => {
    const lead = `${" ".repeat(column + i * INDENT)}${inline(key)}:`;
    return i === keys.length - 1 ? `${lead} ${inline(value)}\n` : `${lead}\n`;
  }).join("");
}

/** A value on one line, such as `[[0, 0.5], [1, 1]]`. */
function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(", ")}]`;
  if (typeof value !== "object" || value === null) {
    return stringify(value, { lineWidth: 0 }).trimEnd();
  }
  const entries = Object.entries(value).map(([key, inner]) => `${inline(key)}: ${inline(inner)}`);
  return `{ ${entries.join(", ")} }`;
}
