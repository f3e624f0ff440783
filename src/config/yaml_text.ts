import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  type YAMLMap,
} from "yaml";
import type { ConfigFault } from "./fault.ts";
import { structureFaults, syntaxFaults } from "./yaml_faults.ts";

/** Keys and indices from a document's top to one of its values. */
export type ConfigPath = readonly (string | number)[];

/** A place in a file; 1-based, columns in UTF-16 code units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Gives the place of the value at `path`, or of its key; `undefined` when the text does not hold it. */
export type Locate = (path: ConfigPath, part?: "value" | "key") => Position | undefined;

/** How every YAML text of a user is parsed. */
export const YAML_OPTIONS = {
  prettyErrors: false,
  version: "1.2",
  merge: true,
  // It takes quadratic time; structureFaults looks for duplicates.
  uniqueKeys: false,
  // Its own warnings are among the faults.
  logLevel: "error",
} as const;

/** One YAML text with the place of each of its values. */
export class YamlText {
  readonly file: string;
  readonly text: string;
  readonly yaml: Document.Parsed;
  /** Faults of syntax and structure. */
  readonly faults: readonly ConfigFault[];
  /** Whether the content can be checked for further faults. */
  readonly readable: boolean;
  readonly #lineStarts: readonly number[];

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
    this.#lineStarts = lineStarts(text);
    this.yaml = parseDocument(text, YAML_OPTIONS);
    const errors = [...this.yaml.errors, ...this.yaml.warnings];
    const faults = errors.length > 0 ? syntaxFaults(errors, text) : structureFaults(this.yaml);
    this.faults = faults.map(({ offset, message }) => ({
      file,
      ...this.positionAt(offset),
      message,
    }));
    this.readable = faults.every(({ harmless }) => harmless);
  }

  /** The place of a character of the text. */
  positionAt(offset: number): Position {
    const starts = this.#lineStarts;
    const at = Math.max(0, Math.min(offset, this.text.length));
    let [low, high] = [0, starts.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (starts[middle] <= at) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: at - starts[low] + 1 };
  }

  /** Finds places in the document in its present state; a change of the document makes it invalid. */
  locator(): Locate {
    const pairs = pairFinder();
    const targets = new Map<Node, Node | null>();
    const targetOf = (node: Node | null) => {
      if (!isAlias(node)) return node;
      if (!targets.has(node)) targets.set(node, node.resolve(this.yaml) ?? null);
      return targets.get(node)!;
    };
    return (path, part = "value") => {
      let node = this.yaml.contents as Node | null;
      let key: Node | null = null;
      for (const step of path) {
        node = targetOf(node);
        if (isMap(node)) {
          const pair = pairs(node, String(step));
          if (pair === undefined) return undefined;
          key = pair.key as Node;
          node = pair.value as Node | null;
        } else if (isSeq(node)) {
          key = node = (node.items[Number(step)] ?? null) as Node | null;
        } else {
          return undefined;
        }
      }
      const found = part === "key" ? key ?? node : node ?? key;
      const range = found?.range;
      return range ? this.positionAt(range[0]) : undefined;
    };
  }
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

/** Finds pairs by key. Each mapping is indexed once, so that many faults in a large one do not add up. */
function pairFinder(): (map: YAMLMap, key: string) => Pair | undefined {
  const known = new WeakMap<YAMLMap, Map<string, Pair>>();
  return (map, key) => {
    let pairs = known.get(map);
    if (pairs === undefined) {
      pairs = new Map();
      for (const pair of map.items) {
        const name = isScalar(pair.key) ? String(pair.key.value) : undefined;
        if (name !== undefined && !pairs.has(name)) pairs.set(name, pair);
      }
      known.set(map, pairs);
    }
    return pairs.get(key);
  };
}
