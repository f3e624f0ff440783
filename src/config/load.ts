import { ConfigError, type ConfigFault } from "./fault.ts";
import type { Override } from "./override.ts";
import { type PipelineDocument, type PipelineReading, readPipeline } from "./read.ts";
import type { PipelineConfig } from "./schema.ts";

/** A pipeline file that has passed its schema. */
export interface LoadedPipeline extends PipelineDocument {
  readonly config: PipelineConfig;
}

/**
 * Reads one pipeline file.
 *
 * @throws {ConfigError} with every fault of the file.
 */
export async function loadPipeline(
  file: string,
  overrides: readonly Override[] = [],
): Promise<LoadedPipeline> {
  return (await loadPipelines([file], overrides))[0];
}

/**
 * Reads pipeline files that are to run in one process; their names must differ.
 *
 * @throws {ConfigError} with every fault of every file.
 */
export async function loadPipelines(
  files: readonly string[],
  overrides: readonly Override[] = [],
): Promise<LoadedPipeline[]> {
  const readings = await Promise.all(files.map((file) => readPipeline(file, overrides)));
  const faults = [...readings.flatMap((reading) => reading.faults), ...nameFaults(readings)];
  if (faults.length > 0) throw new ConfigError(faults);
  return readings.map(({ document, config }) => ({ ...document!, config: config! }));
}

/** A fault for each file whose pipeline bears a name that an earlier file's has. */
export function nameFaults(readings: readonly PipelineReading[]): ConfigFault[] {
  const taken = new Map<string, PipelineDocument>();
  const faults: ConfigFault[] = [];
  for (const { document } of readings) {
    if (document === undefined || document.name === "") continue;
    const first = taken.get(document.name);
    if (first === undefined) {
      taken.set(document.name, document);
      continue;
    }
    const { line, column } = first.locate(["name"]);
    const other = `${first.file}:${line}:${column}`;
    faults.push(
      document.fault(["name"], `name must be its own, but "${document.name}" is taken by ${other}`),
    );
  }
  return faults;
}
