import { join } from "node:path";
import { checkDiskSpace } from "../disk_space.ts";
import { download, type DownloadOptions, isDownloaded, sizeOf } from "./download.ts";
import { askForFile, type HubFile, type HubRepository } from "./hub.ts";
import type { HubAccess } from "./hub_fetch.ts";
import { ImportError } from "../import_error.ts";

/** How a pull behaves. */
export interface PullOptions extends Omit<DownloadOptions, "onProgress" | "access"> {
  readonly access: HubAccess;
  /** Folder for the download; it gets a folder for the repository and revision. */
  readonly cache: string;
  /** Bytes that the disk must hold beyond the download, for what is made from it. */
  readonly furtherBytes?: (downloadBytes: number) => number;
  /**
   * Called with the folder once the small files are there, before the weights are downloaded; what it throws ends the
   * pull.
   */
  readonly checkSmallFiles?: (folder: string) => void;
  /** Called with the number of bytes of all files that have arrived. */
  readonly onProgress?: (received: number, total: number) => void;
}

/** A downloaded repository. */
export interface Pulled {
  readonly folder: string;
  /** Where it came from, with the commit if the hub states it. */
  readonly source: string;
  readonly bytes: number;
}

const WEIGHTS = "model.safetensors";
const NEEDED = ["config.json", WEIGHTS];
/** In the order of download: the large one last. */
const FILES = ["config.json", "README.md", WEIGHTS];

/**
 * Downloads a model's files, or what is still missing of them.
 *
 * @throws {ImportError} one line; what has arrived stays, and the next pull continues from there.
 */
export async function pull(repository: HubRepository, options: PullOptions): Promise<Pulled> {
  const { organization, name, revision } = repository;
  const files: HubFile[] = [];
  const { access } = options;
  for (const file of FILES) {
    const found = await askForFile(access, repository, file, options.signal);
    if (found) files.push(found);
    else if (NEEDED.includes(file)) {
      throw new ImportError(
        `Cannot pull hf:${organization}/${name}@${revision}: it must have ${file}, ` +
          `${access.endpoint} returned 404`,
      );
    }
  }
  const folder = join(
    options.cache,
    `${organization}--${name}@${revision.replaceAll("/", "-")}`,
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
    `pull hf:${organization}/${name}`,
  );
  for (const file of missing) {
    if (file.name === WEIGHTS) options.checkSmallFiles?.(folder);
    await download(file, join(folder, file.name), {
      ...options,
      onProgress: (received) => options.onProgress?.(present + received, total),
    });
    present += file.size;
  }
  const commit = files.find((file) => file.commit)?.commit ?? revision;
  return { folder, source: `${access.endpoint}/${organization}/${name}@${commit}`, bytes: total };
}
