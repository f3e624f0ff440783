import { copyFile, mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { checkHashes } from "./checksum.ts";
import { audioContract, checkContract, imageContract } from "./contract.ts";
import { ModelError, type ModelFolder } from "./manifest.ts";
import {
  batchLimit,
  repositoryConfig,
  type RepositoryModel,
  type RepositoryOptions,
} from "./repository_config.ts";
import type { Runtime, ServedModel } from "./runtime/session.ts";
import { servedAudio, servedImage } from "./served_models.ts";

/** A model that was written: its largest batch is 0 if its graph fixes the batch size. */
export interface WrittenModel extends ServedModel {
  readonly maxBatch: number;
}

/**
 * Writes both encoders of a model as `REPOSITORY/NAME-image` and `REPOSITORY/NAME-audio`, each with `config.pbtxt` and the
 * graph in the folder of the model's version, as Triton Inference Server reads them.
 *
 * @param runtime a local one, to read what the graphs declare.
 * @throws {ModelError} when the model breaks its contract, or the repository contains it already.
 */
export async function exportRepository(
  folder: ModelFolder,
  runtime: Runtime,
  repository: string,
  options: RepositoryOptions,
): Promise<WrittenModel[]> {
  await checkHashes(folder);
  const { manifest } = folder;
  const parts = [
    { file: manifest.image.file, served: servedImage(manifest), contract: imageContract(manifest) },
    { file: manifest.audio.file, served: servedAudio(manifest), contract: audioContract(manifest) },
  ];
  const models: (RepositoryModel & { readonly file: string })[] = [];
  for (const { file, served, contract } of parts) {
    const target = join(repository, served.name);
    if (await exists(target)) {
      throw new ModelError(`Cannot export to ${target}: it must not exist; remove it first`);
    }
    const session = await runtime.createSession(join(folder.path, file));
    const { inputs, outputs } = session;
    await session.release();
    checkContract(join(folder.path, file), { inputs, outputs }, contract);
    models.push({ file, served, inputs, outputs });
  }
  for (const model of models) {
    const version = join(repository, model.served.name, String(model.served.version));
    try {
      await mkdir(version, { recursive: true });
      await copyFile(join(folder.path, model.file), join(version, "model.onnx"));
      // A graph refers to its external data by file name.
      for (const { file } of manifest.external_data.filter((data) => belongs(data.file, model))) {
        await copyFile(join(folder.path, file), join(version, file));
      }
      const config = join(repository, model.served.name, "config.pbtxt");
      await writeFile(config, repositoryConfig(model, options));
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ModelError(`Cannot export to ${version}: ${reason}`, { cause });
    }
  }
  return models.map((model) => ({ ...model.served, maxBatch: batchLimit(model, options) }));

  /** The importer writes `image.onnx.data`; a file of another name may belong to either graph. */
  function belongs(data: string, { file }: { readonly file: string }): boolean {
    return data.startsWith(file) || !models.some((other) => data.startsWith(other.file));
  }
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(() => true, () => false);
}
