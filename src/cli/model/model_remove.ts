import { basename, join } from "node:path";
import { listModels } from "../../model/find_model.ts";
import { UsageError } from "../exit.ts";
import { modelsFolder } from "./model_folder.ts";

/** Deletes a model's folder, after a confirmation unless `yes` is set. */
export async function removeModel(
  name: string,
  options: { readonly out?: string; readonly yes?: boolean },
): Promise<void> {
  const models = modelsFolder(options.out);
  const names = await listModels(models);
  if (name !== basename(name) || !names.includes(name)) {
    throw new UsageError(
      `Cannot remove ${name}: it must be one of the models in ${models} (${
        names.join(", ") || "none"
      })`,
    );
  }
  const path = join(models, name);
  if (!options.yes) {
    if (!Deno.stdin.isTerminal()) {
      throw new UsageError(`Cannot remove ${name}: not a terminal; pass --yes`);
    }
    if (!confirm(`Delete ${path}?`)) return;
  }
  await Deno.remove(path, { recursive: true });
  console.log(`removed ${path}`);
}
