import type { ConfigFault } from "../config/fault.ts";
import type { ConfigDocument } from "../config/read.ts";
import { loadLabeler } from "../labels/load_labeler.ts";
import { ModelError, type ModelFolder } from "../model/manifest.ts";
import { unusedLabels } from "./label_filters.ts";
import type { PipelineConfig } from "./schema.ts";

/** Adds a fault for a bank that cannot be used, and for each label in a sink's filter that no event can get. */
export async function checkLabels(
  document: ConfigDocument,
  { labels, things, publish }: PipelineConfig,
  model: ModelFolder,
  faults: ConfigFault[],
): Promise<void> {
  let labeler;
  try {
    labeler = await loadLabeler(model, { ...labels, things }, document.folder);
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    const path = labels.bank !== undefined
      ? ["labels", "bank"]
      : things !== undefined
      ? ["things"]
      : ["model"];
    faults.push(document.fault(path, error.message));
    return;
  }
  for (const { path, message } of unusedLabels(publish, labeler)) {
    faults.push(document.fault(path, message));
  }
}
