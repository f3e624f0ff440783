import { formatFault } from "../../config/fault.ts";
import type { Override } from "../../config/override.ts";
import type { Log } from "../../core/log.ts";
import { logOf } from "../../core/logger.ts";
import { type Changes, changesOf } from "../../pipeline/changes.ts";
import { composeParts } from "../../pipeline/compose.ts";
import type { EnginePool } from "../../pipeline/engine_pool.ts";
import { type LoadedPipeline, readPipeline } from "../../pipeline/load.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import type { PipelineConfig } from "../../pipeline/schema.ts";

/** What reading one file again takes. */
export interface ReloadedOptions {
  readonly overrides: readonly Override[];
  readonly engines: EnginePool;
  readonly pictures?: boolean;
}

/** A running pipeline that follows its file. */
export class ReloadedPipeline {
  readonly #pipeline: Pipeline;
  readonly #file: string;
  readonly #folder: string;
  readonly #options: ReloadedOptions;
  readonly #log: Log;
  /** What the pipeline runs with. */
  #config: PipelineConfig;

  constructor(
    pipeline: Pipeline,
    { file, folder, config }: LoadedPipeline,
    options: ReloadedOptions,
  ) {
    this.#pipeline = pipeline;
    this.#file = file;
    this.#folder = folder;
    this.#config = config;
    this.#options = options;
    this.#log = logOf(config.name);
  }

  /**
   * Reads the file and applies what has changed. A file that has faults or names what cannot be used is refused: its faults are
   * in the log and in `state`, and the pipeline goes on as it is.
   */
  async reload(): Promise<void> {
    const { config, faults } = await readPipeline(this.#file, this.#options.overrides);
    if (config === undefined) return this.#refuse(faults.map(formatFault));
    const changes = changesOf(this.#config, config);
    const { reopening, restarting } = changes;
    if (restarting.includes("name")) {
      return this.#refuse([
        `${this.#file}: name must stay ${this.#config.name}, got ${config.name}`,
      ]);
    }
    // What needs a new process keeps its old value, so that it is told again at the next reload.
    const kept = Object.fromEntries(
      restarting.map((key) => [key, this.#config[key as keyof PipelineConfig]]),
    );
    const usable = { ...config, ...kept };
    if (reopening.length > 0) {
      const parts = composeParts(usable, { ...this.#options, folder: this.#folder });
      try {
        await this.#pipeline.change(usable, parts);
      } catch (error) {
        return this.#refuse([
          `${this.#file}: ${error instanceof Error ? error.message : String(error)}`,
        ]);
      }
    } else if (changes.tuning) {
      this.#pipeline.declareDetect(usable.detect);
      this.#pipeline.tune(usable.detect);
    }
    this.#config = usable;
    this.#pipeline.refuse(null);
    this.#tell(changes);
  }

  #refuse(lines: readonly string[]): void {
    for (const line of lines) this.#log("error", line);
    const more = lines.length > 1 ? ` (and ${lines.length - 1} more)` : "";
    this.#pipeline.refuse(`the changed pipeline file is not used: ${lines[0]}${more}`);
  }

  #tell({ tuning, reopening, restarting }: Changes): void {
    const used = [...tuning ? ["detect"] : [], ...reopening];
    if (used.length > 0) this.#log("info", `reloaded ${this.#file}: new ${used.join(", ")}`);
    if (restarting.length > 0) {
      this.#log("warning", `restart Whence to use the new ${restarting.join(", ")}`);
    }
    if (used.length + restarting.length === 0) this.#log("info", `${this.#file} is unchanged`);
  }
}
