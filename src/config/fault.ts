import { maskSecrets } from "../core/secrets.ts";

/** One thing wrong in a pipeline file. `file` is the path as given, or `--set KEY` for an override. */
export interface ConfigFault {
  readonly file: string;
  /** 1-based; absent where a fault has no place in a file. */
  readonly line?: number;
  readonly column?: number;
  readonly message: string;
}

/** `file:line:column: message`, secrets masked. */
export function formatFault(fault: ConfigFault): string {
  const place = fault.line === undefined
    ? fault.file
    : `${fault.file}:${fault.line}:${fault.column}`;
  return maskSecrets(`${place}: ${fault.message}`);
}

/** Orders the faults of one file as they stand in it; those of no place first. */
export function byPlace(a: ConfigFault, b: ConfigFault): number {
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}

/** Pipeline files that cannot be used; its message holds one line a fault, all faults of all files. */
export class ConfigError extends Error {
  override name = "ConfigError";
  readonly faults: readonly ConfigFault[];

  constructor(faults: readonly ConfigFault[]) {
    const lines = [...new Set(faults.map(formatFault))];
    super(lines.join("\n"));
    this.faults = faults;
  }
}
