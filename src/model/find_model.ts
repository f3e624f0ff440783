import { isAbsolute, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { loadManifest, ModelError, type ModelFolder } from "./manifest.ts";

/** The project's own folder of models. */
export const PROJECT_MODELS = fileURLToPath(new URL("../../models", import.meta.url));

/** Names of the models in a folder of models: those with a `model.yaml`. */
export async function listModels(models: string = PROJECT_MODELS): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(models)) {
      if (await isFile(join(models, name, "model.yaml"))) names.push(name);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names.sort();
}

/**
 * Finds what a pipeline's `model` names: a folder of the project's `models`, or a path.
 *
 * @param folder the pipeline file's; a relative path starts there.
 * @param models the folder of models; the project's unless given.
 * @throws {ModelError} listing the available models; or when the manifest breaks the contract.
 */
export async function findModel(
  name: string,
  folder: string,
  models: string = PROJECT_MODELS,
): Promise<ModelFolder> {
  const path = resolve(folder, name);
  const candidates = /^\.{1,2}(\/|$)/.test(name) || isAbsolute(name)
    ? [path]
    : [join(models, name), path];
  for (const candidate of candidates) {
    if (await isFile(join(candidate, "model.yaml"))) return await loadManifest(candidate);
  }
  const names = (await listModels(models)).join(", ") || "none";
  throw new ModelError(
    `Cannot find model ${name}: it must be one of ${models} (${names}) or a folder with a model.yaml`,
  );
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch {
    return false;
  }
}
