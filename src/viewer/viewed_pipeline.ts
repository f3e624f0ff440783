import type { Telemetry } from "../telemetry/telemetry.ts";
import type { WireYaml } from "./wire.ts";

/** A pipeline as the page's server knows it. */
export interface ViewedPipeline {
  readonly name: string;
  readonly telemetry: Telemetry;
  /** Absolute path of the folder with the recordings that events name; undefined if nothing is recorded. */
  readonly recordings?: string;
  /**
   * Changes detection settings of the running pipeline.
   *
   * @param change the settings that change, as a page sent them.
   * @returns one line if the change is not valid; the pipeline goes on as before then.
   */
  tune(change: unknown): string | undefined;
  /** Takes all settings back to those of the pipeline file. */
  reset(): void;
  /** How the settings in use differ from the pipeline file. */
  yaml(): WireYaml;
  /**
   * Writes the settings in use into the pipeline file.
   *
   * @returns one line if it cannot.
   */
  save(): Promise<string | undefined>;
}
