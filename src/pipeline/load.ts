import { ConfigError, type ConfigFault } from "../config/fault.ts";
import type { Override } from "../config/override.ts";
import { type ConfigDocument, type ConfigReading, readConfig } from "../config/read.ts";
import { fileAdvice } from "./file_advice.ts";
import { type PipelineConfig, pipelineSchema } from "./schema.ts";
import { videoPipeline } from "./video_pipeline.ts";

/** One pipeline file, read. */
export type PipelineReading = ConfigReading<PipelineConfig>;

/**
 * Reads one pipeline file and gathers all its faults; throws nothing that a user can cause. A video stands for a pipeline file
 * that names it.
 */
export function readPipeline(
  file: string,
  overrides: readonly Override[] = [],
  environment?: (name: string) => string | undefined,
): Promise<PipelineReading> {
  const options = { overrides, environment, advice: fileAdvice, standIn: videoPipeline };
  return readConfig(pipelineSchema, file, options);
}

/** A pipeline file that has passed its schema. */
export interface LoadedPipeline extends ConfigDocument {
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

/** A fault for each file whose pipeline has the name of an earlier one. */
export function nameFaults(readings: readonly PipelineReading[]): ConfigFault[] {
  const taken = new Map<string, ConfigDocument>();
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
      document.fault(
        ["name"],
        `name must be unique, got "${document.name}", the name of ${other} too`,
      ),
    );
  }
  return faults;
}
