import {
  type Document,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  Scalar,
  visit,
  type YAMLMap,
} from "yaml";
import { rememberSecret, soundsSecret } from "../core/secrets.ts";
import { type ConfigPath, YAML_OPTIONS } from "./yaml_text.ts";

/** A variable that cannot be expanded. */
export interface ExpansionFault {
  /** Of the value that contains it. */
  readonly path: ConfigPath;
  /** Offsets in the text of the value that contains it, end excluded; absent for a value that is in no file. */
  readonly range: readonly [number, number] | undefined;
  /** As it is written, such as `${CAMERA}`. */
  readonly reference: string;
  /** Begins with "must". */
  readonly message: string;
}

const REFERENCE = /\$\$\{|\$\{([^}]*)(\})?/g;
const INNER = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;

/**
 * Expands `${NAME}` and `${NAME:-default}` inside the scalar values of a document; `$${` gives `${`.
 * As in POSIX sh (2.6.2), `:-` takes the default when the variable is unset or empty. A plain scalar is typed
 * again after its expansion, as YAML 1.2 would; one that becomes empty is removed with its key.
 */
export function expandVariables(
  document: Document,
  environment: (name: string) => string | undefined,
): ExpansionFault[] {
  const faults: ExpansionFault[] = [];
  const emptied = new Map<YAMLMap, Set<Pair>>();
  visit(document, {
    Scalar(key, node, parents) {
      if (key === "key" || typeof node.value !== "string" || !node.value.includes("${")) return;
      const range = node.range ? [node.range[0], node.range[1]] as const : undefined;
      const fault = (reference: string, message: string) => {
        faults.push({ path: pathOf(parents, node), range, reference, message });
      };
      const text = node.value.replace(REFERENCE, (reference, inner?: string, end?: string) => {
        if (reference === "$${") return "${";
        const match = end === undefined ? null : inner!.match(INNER);
        if (match === null) {
          fault(reference, "must be ${NAME} or ${NAME:-default}");
          return reference;
        }
        const [, name, fallback] = match;
        const value = environment(name);
        if (value !== undefined && soundsSecret(name)) rememberSecret(value);
        if (fallback !== undefined) return value || fallback;
        if (value === undefined) {
          fault(reference, `must have a default, or ${name} must be set in the environment`);
        }
        return value ?? "";
      });
      if (node.type !== Scalar.PLAIN) {
        node.value = text;
        return;
      }
      const [mapping, pair] = parents.slice(-2);
      if (text === "" && isPair(pair) && isMap(mapping)) {
        emptied.getOrInsertComputed(mapping, () => new Set()).add(pair);
      } else node.value = retyped(text);
    },
  });
  for (const [mapping, pairs] of emptied) {
    mapping.items = mapping.items.filter((pair) => !pairs.has(pair));
  }
  return faults;
}

function retyped(text: string): unknown {
  const { contents, errors } = parseDocument(text, YAML_OPTIONS);
  const value = errors.length === 0 && contents instanceof Scalar ? contents.value : text;
  return typeof value === "number" || typeof value === "boolean" ? value : text;
}

function pathOf(parents: readonly (Document | Node | Pair)[], node: Node): ConfigPath {
  return parents.flatMap<string | number>((parent, i) => {
    if (isPair(parent)) return [String(isScalar(parent.key) ? parent.key.value : parent.key)];
    return isSeq(parent) ? [parent.items.indexOf(parents[i + 1] ?? node)] : [];
  });
}
