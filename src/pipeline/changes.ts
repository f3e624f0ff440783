import { isDeepStrictEqual } from "node:util";
import type { PipelineConfig } from "./schema.ts";

/** What a changed pipeline file means for the pipeline that runs. */
export interface Changes {
  /** Whether detection settings differ; they change without an interruption. */
  readonly tuning: boolean;
  /** Keys that differ and need the source to be opened again. */
  readonly reopening: readonly string[];
  /** Keys that differ and only take effect in a new process. */
  readonly restarting: readonly string[];
}

const REOPENING: ReadonlySet<string> = new Set([
  "source",
  "window",
  "model",
  "runtime",
  "camera",
  "labels",
]);

/** Compares the keys of two configurations. */
export function changesOf(from: PipelineConfig, to: PipelineConfig): Changes {
  const [before, after]: Record<string, unknown>[] = [from, to];
  const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])]
    .filter((key) => !isDeepStrictEqual(before[key], after[key]));
  return {
    tuning: keys.includes("detect"),
    reopening: keys.filter((key) => REOPENING.has(key)),
    restarting: keys.filter((key) => key !== "detect" && !REOPENING.has(key)),
  };
}
