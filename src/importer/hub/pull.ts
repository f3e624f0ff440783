import { join } from "node:path";
import { checkDiskSpace } from "../disk_space.ts";
import { download, type DownloadOptions, isDownloaded, sizeOf } from "./download.ts";
import { askForFile, type HubFile, type HubRepository } from "./hub.ts";
import { ImportError } from "../import_error.ts";

/** What a pull is told. */
export interface PullOptions extends Omit<DownloadOptions, "onProgress"> {
  readonly endpoint: string;
  /** Folder for the download; a further one is made in it for the repository and revision. */
  readonly cache: string;
  /** Bytes that the disk must hold beyond the download, for what is made of it. */
  readonly furtherBytes?: (downloadBytes: number) => number;
  /** Told how many bytes of all files are there. */
  readonly onProgress?: (received: number, total: number) => void;
}

/** A repository that lies on this disk. */
export interface Pulled {
  readonly folder: string;
  /** Where it came from, with the commit when the hub says one. */
  readonly source: string;
  readonly bytes: number;
}

const NEEDED = ["config.json", "model.safetensors"];
const OPTIONAL = ["README.md"];

/**
 * Downloads a model's files, or what is still missing of them.
 *
 * @throws {ImportError} one line; what has arrived stays, for the next try to go on from.
 */
export async function pull(repository: HubRepository, options: PullOptions): Promise<Pulled> {
  const { organisation, name, revision } = repository;
  const files: HubFile[] = [];
  for (const file of [...NEEDED, ...OPTIONAL]) {
    const found = await askForFile(options.endpoint, repository, file, options.signal);
    if (found) files.push(found);
    else if (NEEDED.includes(file)) {
      throw new ImportError(
        `Cannot pull hf:${organisation}/${name}@${revision}: ${options.endpoint} must have ${file} there, got 404`,
      );
    }
  }
  const folder = join(
    options.cache,
    `${organisation}--${name}@${revision.replaceAll("/", "-")}`,
  );
  const total = files.reduce((sum, file) => sum + file.size, 0);
  const missing: HubFile[] = [];
  let present = 0;
  for (const file of files) {
    if (await isDownloaded(file, join(folder, file.name))) present += file.size;
    else missing.push(file);
  }
  let partial = 0;
  for (const file of missing) partial += await sizeOf(join(folder, `${file.name}.partial`));
  const further = options.furtherBytes?.(total) ?? 0;
  await checkDiskSpace(
    options.cache,
    total - present - partial + further,
    `pull hf:${organisation}/${name}`,
  );
  for (const file of missing) {
    await download(file, join(folder, file.name), {
      ...options,
      onProgress: (received) => options.onProgress?.(present + received, total),
    });
    present += file.size;
  }
  const commit = files.find((file) => file.commit)?.commit ?? revision;
  return { folder, source: `${options.endpoint}/${organisation}/${name}@${commit}`, bytes: total };
}
