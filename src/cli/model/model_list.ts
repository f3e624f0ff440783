import { join } from "node:path";
import { filesOf } from "../../model/checksum.ts";
import { listModels } from "../../model/find_model.ts";
import { loadManifest, type Manifest } from "../../model/manifest.ts";
import { modelsFolder } from "./model_folder.ts";
import { bytesText } from "../../core/quantities.ts";
import { tableText } from "../table.ts";

/** One line per model, with the reason for one that cannot be used. */
export async function listText(out: string | undefined): Promise<string> {
  const models = modelsFolder(out);
  const names = await listModels(models);
  if (names.length === 0) return `no models in ${models}`;
  const rows = [["NAME", "HEADS", "IMAGE", "PRECISION", "SIZE", "CALIBRATED", "LICENSE"]];
  const faults: string[] = [];
  for (const name of names) {
    const path = join(models, name);
    try {
      rows.push(await row(path, (await loadManifest(path)).manifest));
    } catch (error) {
      faults.push(error instanceof Error ? error.message : String(error));
    }
  }
  return [tableText(rows), ...faults].join("\n");
}

async function row(path: string, manifest: Manifest): Promise<string[]> {
  const { image, heads, check, license } = manifest;
  const calibrated = heads.filter((head) => head.calibration).length;
  return [
    `${manifest.name}@${manifest.version}`,
    heads.map(({ kind, verified }) => verified ? kind : `${kind}?`).join(","),
    `${image.width}x${image.height}`,
    check?.precision ?? "-",
    bytesText(await modelBytes(path, manifest)),
    calibrated === heads.length ? "yes" : calibrated === 0 ? "no" : `${calibrated}/${heads.length}`,
    license,
  ];
}

/** Bytes of all files of a model, without missing ones. */
export async function modelBytes(path: string, manifest: Manifest): Promise<number> {
  const sizes = await Promise.all(
    filesOf(manifest).map(({ file }) =>
      Deno.stat(join(path, file)).then((info) => info.size, () => 0)
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
