import { basename, join } from "node:path";
import { listModels } from "../../model/find_model.ts";
import { UsageError } from "../exit.ts";
import { modelsFolder } from "./model_folder.ts";

/** Deletes a model's folder, after a question unless told not to ask. */
export async function removeModel(
  name: string,
  options: { readonly out?: string; readonly yes?: boolean },
): Promise<void> {
  const models = modelsFolder(options.out);
  const names = await listModels(models);
  if (name !== basename(name) || !names.includes(name)) {
    throw new UsageError(
      `Cannot remove ${name}: it must be one of the models in ${models} (${
        names.join(", ") || "none there"
      })`,
    );
  }
  const path = join(models, name);
  if (!options.yes) {
    if (!Deno.stdin.isTerminal()) {
      throw new UsageError(`Cannot remove ${name}: --yes must be given where nobody can be asked`);
    }
    if (!confirm(`Delete ${path}?`)) return;
  }
  await Deno.remove(path, { recursive: true });
  console.log(`removed ${path}`);
}
