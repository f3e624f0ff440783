import { type Document, parseDocument } from "yaml";
import type { ConfigFault } from "./fault.ts";
import { structureFaults } from "./yaml_faults.ts";
import { type ConfigPath, YAML_OPTIONS } from "./yaml_text.ts";

/** One `--set a.b.c=value`. */
export interface Override {
  /** The key as written, `a.b.c`. */
  readonly key: string;
  readonly path: readonly string[];
  /** YAML; empty or null removes the key. */
  readonly value: string;
}

/** An override that is not `KEY=VALUE`; one line. */
export class OverrideError extends Error {
  override name = "OverrideError";
}

/**
 * Reads `a.b.c=value`; list items are named by their index (`runtime.providers.0=cpu`).
 *
 * @throws {OverrideError}
 */
export function parseOverride(text: string): Override {
  const at = text.indexOf("=");
  const key = at === -1 ? text : text.slice(0, at);
  const path = key.split(".");
  if (at === -1 || path.some((part) => part === "")) {
    throw new OverrideError(
      `Cannot use --set: it must be KEY=VALUE, such as source.fit=crop, got "${text}"`,
    );
  }
  return { key, path, value: text.slice(at + 1) };
}

/** Puts the overrides into the document, the last one of a key winning. */
export function applyOverrides(document: Document, overrides: readonly Override[]): ConfigFault[] {
  const faults: ConfigFault[] = [];
  for (const { key, path, value } of overrides) {
    const fault = (message: string) => faults.push({ file: `--set ${key}`, message });
    const parsed = parseDocument(value, YAML_OPTIONS);
    if (parsed.errors.length > 0 || structureFaults(parsed).length > 0) {
      fault(
        `${key} must be YAML, got ${JSON.stringify(value)}; for a string, quote it: ${
          quoted(key, value)
        }`,
      );
      continue;
    }
    const content = parsed.toJS();
    try {
      if (content === null) document.deleteIn(path);
      // A node, never a bare value: a bare one would take over the place of the value it replaces.
      else document.setIn(path, overrideNode(document, parsed, content));
    } catch {
      fault(`${key} must name a key of a mapping, but a part before the last is no mapping`);
    }
  }
  return faults;
}

/** The option with the value as a YAML string, quoted for a shell. */
function quoted(key: string, value: string): string {
  const word = `${key}="${value.replace(/["\\]/g, "\\$&")}"`;
  return `--set '${word.replaceAll("'", "'\\''")}'`;
}

/** The override that the value at `path` comes from, if it comes from one. */
export function overrideAt(
  overrides: readonly Override[],
  path: ConfigPath,
): Override | undefined {
  return overrides.findLast((override) => {
    const shared = Math.min(override.path.length, path.length);
    return override.path.slice(0, shared).every((part, i) => part === String(path[i]));
  });
}

// Keeps a plain scalar plain, so that ${NAME} in it is typed as it would be in the file.
function overrideNode(document: Document, parsed: Document, content: unknown) {
  const node = document.createNode(content);
  const { contents } = parsed as { contents: { type?: string } | null };
  if (typeof content === "string" && contents?.type) Object.assign(node, { type: contents.type });
  return node;
}
