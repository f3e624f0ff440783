import type { SourceConfig } from "./source_schema.ts";

/** The source of a pipeline file, for `doctor`. */
export interface ExaminedSource {
  readonly source: SourceConfig;
  /** Relative paths start here. */
  readonly folder: string;
  /** The elements it needs; undefined if that is not known because of a fault. */
  readonly elements: readonly string[] | undefined;
}
