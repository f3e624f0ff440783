import { join } from "node:path";
import { parseDocument, stringify } from "yaml";
import { type Calibration, loadManifest, type Manifest, manifestSchema } from "./manifest.ts";

/** Writes `FOLDER/model.yaml`. */
export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  const document = manifestSchema.parse(manifest);
  await Deno.writeTextFile(join(folder, "model.yaml"), stringify(document, { lineWidth: 100 }));
}

/**
 * Replaces the calibration of each head whose entry is defined; comments and everything else stay.
 * The file is replaced atomically, so that a reader never sees half of it.
 *
 * @throws {ModelError} when the folder holds no usable manifest.
 */
export async function writeCalibrations(
  folder: string,
  calibrations: readonly (Calibration | undefined)[],
): Promise<void> {
  await loadManifest(folder);
  const file = join(folder, "model.yaml");
  const document = parseDocument(await Deno.readTextFile(file));
  calibrations.forEach((calibration, head) => {
    if (calibration) {
      document.setIn(["heads", head, "calibration"], document.createNode(calibration));
    }
  });
  const draft = `${file}.${Deno.pid}.tmp`;
  await Deno.writeTextFile(draft, document.toString({ lineWidth: 100 }));
  await Deno.rename(draft, file);
}
