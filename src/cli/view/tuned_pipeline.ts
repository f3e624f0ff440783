import { relative } from "node:path";
import process from "node:process";
import { editedLines, editYaml } from "../../config/edit_yaml.ts";
import { resolvePath } from "../../core/paths.ts";
import type { LoadedPipeline } from "../../pipeline/load.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import { changedDetect, detectEdits } from "../../pipeline/tuning.ts";
import { filterOf } from "../../publish/event_filter.ts";
import type { ViewedPipeline } from "../../viewer/viewed_pipeline.ts";

/** A running pipeline with its file, for the live page. */
export class TunedPipeline implements ViewedPipeline {
  readonly name: string;
  readonly telemetry;
  readonly recordings: string | undefined;
  readonly #pipeline: Pipeline;
  readonly #file: string;
  readonly #editable: boolean;
  /** Zones that sinks name. */
  readonly #filters: readonly { readonly sink: string; readonly zone: string }[];

  /** @param editable whether the page may write the file. */
  constructor(pipeline: Pipeline, { config, file, folder }: LoadedPipeline, editable: boolean) {
    this.name = config.name;
    this.telemetry = pipeline.telemetry;
    this.recordings = config.record && resolvePath(folder, config.record.path);
    this.#pipeline = pipeline;
    this.#file = file;
    this.#editable = editable;
    this.#filters = Object.entries(config.publish).flatMap(([sink, block]) =>
      (filterOf(block)?.zones ?? []).map((zone) => ({ sink, zone }))
    );
  }

  tune(change: unknown): string | undefined {
    const detect = changedDetect(this.#pipeline.detect, change);
    if (typeof detect === "string") return detect;
    const wanted = this.#filters.find(({ zone }) => !Object.hasOwn(detect.zones, zone));
    if (wanted !== undefined) {
      return `Cannot remove zone ${wanted.zone}: publish.${wanted.sink}.zones names it`;
    }
    this.#pipeline.tune(detect);
    return undefined;
  }

  reset(): void {
    this.#pipeline.tune(this.#pipeline.declaredDetect);
  }

  yaml() {
    const near = relative(process.cwd(), this.#file);
    const file = near.startsWith("..") ? this.#file : near;
    return { file, text: editedLines(this.#edits()), editable: this.#editable };
  }

  async save(): Promise<string | undefined> {
    if (!this.#editable) return `Cannot write ${this.#file}: start Whence with --edit`;
    const detect = this.#pipeline.detect;
    try {
      const text = await Deno.readTextFile(this.#file);
      await replaceFile(this.#file, editYaml(text, this.#edits()));
    } catch (error) {
      return `Cannot write ${this.#file}: ${error instanceof Error ? error.message : error}`;
    }
    this.#pipeline.declareDetect(detect);
    return undefined;
  }

  #edits() {
    return detectEdits(this.#pipeline.declaredDetect, this.#pipeline.detect);
  }
}

/** Writes a file in one step: a crash leaves the old or the new one. */
async function replaceFile(file: string, text: string): Promise<void> {
  const path = await Deno.realPath(file);
  const { mode } = await Deno.stat(path);
  const fresh = `${path}.new`;
  try {
    await Deno.writeTextFile(fresh, text, { mode: mode ?? undefined });
    await Deno.rename(fresh, path);
  } catch (error) {
    await Deno.remove(fresh).catch(() => {});
    throw error;
  }
}
