import { escapeControls } from "../core/log_line.ts";
import { maskSecrets } from "../core/secrets.ts";

/** One thing wrong in a pipeline file. `file` is the path as given, or `--set KEY` for an override. */
export interface ConfigFault {
  readonly file: string;
  /** 1-based; absent for a fault without a place in a file. */
  readonly line?: number;
  readonly column?: number;
  readonly message: string;
}

/** Characters of a message that are shown. */
const LONGEST = 600;

/** `file:line:column: message`, in one line: secrets masked, control characters escaped, a message that quotes a long text cut. */
export function formatFault(fault: ConfigFault): string {
  const place = fault.line === undefined
    ? fault.file
    : `${fault.file}:${fault.line}:${fault.column}`;
  const message = maskSecrets(fault.message);
  const shown = message.length > LONGEST ? `${message.slice(0, LONGEST)}…` : message;
  return escapeControls(`${maskSecrets(place)}: ${shown}`);
}

/** Orders the faults of one file by their place in it; those without a place first. */
export function byPlace(a: ConfigFault, b: ConfigFault): number {
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}

/** Pipeline files that cannot be used; its message has one line per fault, for all faults of all files. */
export class ConfigError extends Error {
  override name = "ConfigError";
  readonly faults: readonly ConfigFault[];

  constructor(faults: readonly ConfigFault[]) {
    const lines = [...new Set(faults.map(formatFault))];
    super(lines.join("\n"));
    this.faults = faults;
  }
}
