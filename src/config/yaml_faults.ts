import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  type Node,
  visit,
  type YAMLError,
  type YAMLMap,
} from "yaml";

/** One thing wrong in a YAML text. */
export interface YamlFault {
  /** Offset in the text, in UTF-16 code units. */
  readonly offset: number;
  readonly message: string;
  /** Whether the content can still be checked for further faults. */
  readonly harmless?: boolean;
}

/** Deepest nesting of mappings and lists: more than any pipeline needs, and no problem for recursive code. */
const DEEPEST = 64;

/** The parser's errors, in the words of Whence. */
export function syntaxFaults(errors: readonly YAMLError[], text: string): YamlFault[] {
  const tooDeep = errors.find(({ message }) => message.includes("call stack"));
  if (tooDeep) return [{ offset: tooDeep.pos[0], message: `not valid YAML: ${TOO_DEEP}` }];
  return errors.map((error) => ({ offset: error.pos[0], message: syntaxMessage(error, text) }));
}

/**
 * Faults of what parses: duplicate keys, aliases without an anchor or to a value that contains them, merges of what is
 * no mapping, endless nesting.
 */
export function structureFaults(document: Document): YamlFault[] {
  const faults: YamlFault[] = [];
  const fault = (node: Node, message: string) =>
    faults.push({ offset: node.range?.[0] ?? 0, message: `not valid YAML: ${message}` });
  // Anchors so far: an alias means the last one before it.
  const anchors = new Map<string, Node>();
  visit(document, {
    Alias(_, alias, parents) {
      const target = anchors.get(alias.source);
      if (target === undefined) {
        fault(alias, `*${alias.source} has no anchor &${alias.source} before it`);
      } else if (parents.some((parent) => parent === target)) {
        fault(alias, `*${alias.source} refers to a value that contains it`);
      }
    },
    Value(_, node, parents) {
      if (node.anchor) anchors.set(node.anchor, node);
      if (isMap(node)) faults.push(...duplicateKeys(node));
      if (!isCollection(node) || parents.filter(isCollection).length < DEEPEST) return;
      fault(node, TOO_DEEP);
      return visit.BREAK;
    },
    Pair(_, { key, value }) {
      // A merge key: https://yaml.org/type/merge.html
      if (!isScalar(key) || key.source !== "<<") return;
      for (const source of isSeq(value) ? value.items : [value]) {
        const target = isAlias(source) ? anchors.get(source.source) : source;
        if (!isMap(target) && !(isAlias(source) && target === undefined)) {
          fault((source ?? key) as Node, "<< must merge mappings");
        }
      }
    },
  });
  return faults;
}

// The parser's own check compares each key with all others.
function* duplicateKeys(map: YAMLMap): Generator<YamlFault> {
  const seen = new Set<string>();
  for (const { key } of map.items) {
    if (!isScalar(key) || key.source === "<<") continue;
    const name = String(key.value);
    if (seen.has(name)) {
      yield { offset: key.range?.[0] ?? 0, message: `duplicate key ${name}`, harmless: true };
    }
    seen.add(name);
  }
}

const TOO_DEEP = `nested deeper than ${DEEPEST} levels`;

function syntaxMessage(error: YAMLError, text: string): string {
  const start = text.lastIndexOf("\n", error.pos[0] - 1) + 1;
  const end = text.indexOf("\n", error.pos[0]);
  const line = text.slice(start, end === -1 ? undefined : end);
  const hint = line.includes("${") ? ' (inside { } and [ ], quote it: "${NAME}")' : "";
  return `not valid YAML: ${error.message.split("\n")[0]}${hint}`;
}
