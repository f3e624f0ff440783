import { join } from "node:path";
import { readHyperParameters } from "../../importer/checkpoint/hyper_parameters.ts";
import { givenKinds } from "../../importer/head_kinds.ts";
import { hubEndpoint, hubToken, parseReference } from "../../importer/hub/hub.ts";
import { pull } from "../../importer/hub/pull.ts";
import { checkTarget } from "../../importer/import_target.ts";
import { modelsFolder } from "./model_folder.ts";
import { type ImportCommandOptions, importFolder } from "./model_import.ts";
import { ProgressBar } from "../progress_bar.ts";
import { printNews } from "../stderr.ts";

/** Options of `model pull` beyond those of an import. */
export interface PullCommandOptions extends ImportCommandOptions {
  readonly keep?: boolean;
}

/** Disk space that an import needs per byte of float32 weights: for the model, and for the self-check's copy. */
const IMPORT_SHARE = { fp32: 2, fp16: 1.5, int8: 1.3 } as const;

/**
 * Downloads a published model, or what is missing of it, and imports it. Everything that can be checked before the large
 * download is checked before.
 */
export async function pullModel(reference: string, options: PullCommandOptions): Promise<void> {
  const repository = parseReference(reference);
  const name = options.name ?? repository.name.toLowerCase();
  const out = modelsFolder(options.out);
  checkTarget(reference, { name, out, replace: options.replace });
  using bar = new ProgressBar("bytes");
  const stop = new AbortController();
  const onInterrupt = () =>
    stop.abort(new DOMException("Stopped; run the command again to continue", "AbortError"));
  Deno.addSignalListener("SIGINT", onInterrupt);
  let pulled;
  try {
    pulled = await pull(repository, {
      access: { endpoint: hubEndpoint(), token: hubToken() },
      cache: join(out, ".downloads"),
      furtherBytes: (bytes) => bytes * IMPORT_SHARE[options.precision],
      checkSmallFiles: (folder) => {
        const { sim_agg_heads } = readHyperParameters(folder);
        if (options.heads) givenKinds(sim_agg_heads, options.heads);
      },
      signal: stop.signal,
      onProgress: (received, total) =>
        bar.show(received, total, `${repository.organization}/${repository.name}`),
      onRetry: (reason, delayMs) => {
        bar.clear();
        printNews(`${reason}; next attempt in ${delayMs / 1000} s`);
      },
    });
  } finally {
    bar.clear();
    Deno.removeSignalListener("SIGINT", onInterrupt);
  }
  await importFolder(pulled.folder, { ...options, name }, pulled.source);
  if (!options.keep) await Deno.remove(pulled.folder, { recursive: true });
}
