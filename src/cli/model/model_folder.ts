import { resolve } from "node:path";
import { PROJECT_MODELS } from "../../model/find_model.ts";

/** The folder of models: `--out`, from where the command runs, or the project's. */
export function modelsFolder(out: string | undefined): string {
  return out === undefined ? PROJECT_MODELS : resolve(out);
}
