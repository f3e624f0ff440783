import { join } from "node:path";
import { hubEndpoint, parseReference } from "../../importer/hub/hub.ts";
import { pull } from "../../importer/hub/pull.ts";
import { modelsFolder } from "./model_folder.ts";
import { type ImportCommandOptions, importFolder } from "./model_import.ts";
import { ProgressBar } from "../progress_bar.ts";
import { printNews } from "../stderr.ts";

/** Options of `model pull` beyond those of an import. */
export interface PullCommandOptions extends ImportCommandOptions {
  readonly keep?: boolean;
}

/** Disk that an import needs for each byte of float32 weights: the model, and the check's own copy. */
const IMPORT_SHARE = { fp32: 2, fp16: 1.5, int8: 1.3 } as const;

/** Downloads a published model, or the rest of it, and imports it. */
export async function pullModel(reference: string, options: PullCommandOptions): Promise<void> {
  const repository = parseReference(reference);
  const name = options.name ?? repository.name.toLowerCase();
  using bar = new ProgressBar("bytes");
  const stop = new AbortController();
  const onInterrupt = () =>
    stop.abort(new DOMException("Stopped; run it again to go on", "AbortError"));
  Deno.addSignalListener("SIGINT", onInterrupt);
  let pulled;
  try {
    pulled = await pull(repository, {
      endpoint: hubEndpoint(),
      cache: join(modelsFolder(options.out), ".downloads"),
      furtherBytes: (bytes) => bytes * IMPORT_SHARE[options.precision],
      signal: stop.signal,
      onProgress: (received, total) =>
        bar.show(received, total, `${repository.organisation}/${repository.name}`),
      onRetry: (reason, delayMs) => {
        bar.clear();
        printNews(`${reason}; continuing in ${delayMs / 1000} s`);
      },
    });
  } finally {
    bar.clear();
    Deno.removeSignalListener("SIGINT", onInterrupt);
  }
  await importFolder(pulled.folder, { ...options, name }, pulled.source);
  if (!options.keep) await Deno.remove(pulled.folder, { recursive: true });
}
