import { resolve } from "node:path";
import { ModelError, type ModelFolder } from "../model/manifest.ts";
import { checkThings, readBank, type Thing } from "../model/things/thing_bank.ts";
import { Labeler } from "./labeler.ts";
import type { LabelsConfig } from "./labels_schema.ts";
import { readModelLabels } from "./model_labels.ts";

/** Where the names of a pipeline's events come from. */
export interface LabelSources extends LabelsConfig {
  /** Bank of things of the pipeline, whose names are used where `bank` is absent. */
  readonly things?: string;
}

/**
 * Loads what names the events of a pipeline; undefined if there is nothing to name them with.
 *
 * @param folder relative paths of banks start there.
 * @throws {ModelError} one line: a file cannot be read, or does not belong to the model.
 */
export async function loadLabeler(
  model: ModelFolder,
  config: LabelSources,
  folder: string,
): Promise<Labeler | undefined> {
  const labels = await readModelLabels(model);
  const bank = config.bank ?? config.things;
  const things = await readNames(model, bank && resolve(folder, bank));
  if (labels === undefined) {
    if (config.bank === undefined) return undefined;
    throw new ModelError(
      `Cannot use the bank ${config.bank}: ${model.manifest.name} has no label file; see docs/labels.md`,
    );
  }
  const used = config.model_names
    ? labels
    : new Map([...labels].map(([kind, { space }]) => [kind, { space, names: [] }]));
  return new Labeler(used, things, config);
}

async function readNames(
  { manifest }: ModelFolder,
  file: string | undefined,
): Promise<readonly Thing[]> {
  if (file === undefined) return [];
  const things = await readBank(file);
  checkThings(file, things, manifest);
  return things;
}
