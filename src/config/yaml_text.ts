import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type YAMLError,
} from "yaml";
import type { ConfigFault } from "./fault.ts";

/** Keys and indices from a document's top to one of its values. */
export type ConfigPath = readonly (string | number)[];

/** A place in a file; 1-based. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One YAML text with the place of each of its values. */
export class YamlText {
  readonly file: string;
  readonly text: string;
  readonly yaml: Document.Parsed;
  /** Syntax faults; a document with any but doubled keys has no reliable content. */
  readonly faults: readonly ConfigFault[];
  readonly readable: boolean;
  readonly #lines = new LineCounter();

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
    this.yaml = parseDocument(text, {
      lineCounter: this.#lines,
      prettyErrors: false,
      version: "1.2",
      merge: true,
    });
    const errors: YAMLError[] = [...this.yaml.errors, ...this.yaml.warnings];
    this.faults = errors.map((error) => ({
      file,
      ...this.positionAt(error.pos[0]),
      message: syntaxMessage(error, text),
    }));
    this.readable = errors.every((error) => error.code === "DUPLICATE_KEY");
  }

  /** The place of a character of the text. */
  positionAt(offset: number): Position {
    const { line, col } = this.#lines.linePos(Math.min(offset, this.text.length));
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }

  /**
   * Where the value at `path` stands, or its key when `part` is `key`; `undefined` when the text does not hold it.
   */
  locate(path: ConfigPath, part: "value" | "key" = "value"): Position | undefined {
    let node = this.yaml.contents as Node | null;
    let key: Node | null = null;
    for (const step of path) {
      if (isAlias(node)) node = node.resolve(this.yaml) ?? null;
      if (isMap(node)) {
        const pair = node.items.find((p) =>
          isScalar(p.key) && String(p.key.value) === String(step)
        );
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
  }
}

function syntaxMessage(error: YAMLError, text: string): string {
  if (error.code === "DUPLICATE_KEY") return `${wordAt(text, error.pos[0])} is given twice`;
  const start = text.lastIndexOf("\n", error.pos[0] - 1) + 1;
  const end = text.indexOf("\n", error.pos[0]);
  const line = text.slice(start, end === -1 ? undefined : end);
  const hint = line.includes("${") ? ' (inside { } and [ ], quote it: "${NAME}")' : "";
  return `not valid YAML: ${error.message.split("\n")[0]}${hint}`;
}

function wordAt(text: string, offset: number): string {
  return text.slice(offset).match(/^[^\s:]+/)?.[0] ?? "a key";
}
