import { basename, resolve } from "node:path";
import { runtimeSchema } from "../../model/runtime_schema.ts";
import type { HeadKinds } from "../../importer/head_kinds.ts";
import { importModel, type ImportReport } from "../../importer/import_model.ts";
import { type HeadKind, headKindSchema } from "../../core/head_kind.ts";
import { openRuntime } from "../../model/runtime/runtime.ts";
import { modelsFolder } from "./model_folder.ts";
import { ProgressBar } from "../progress_bar.ts";
import { bytesText } from "../../core/quantities.ts";

/** Options of `model import` and `model pull`, as the command line gives them. */
export interface ImportCommandOptions {
  readonly name?: string;
  readonly out?: string;
  readonly imageSize: { readonly width: number; readonly height: number };
  readonly precision: "fp32" | "fp16" | "int8";
  /** s */
  readonly window: number;
  readonly static?: boolean;
  readonly heads?: readonly HeadKind[];
  readonly normalizeAudio?: boolean;
  readonly ignoreUnexpected?: boolean;
  readonly replace?: boolean;
  readonly license?: string;
  readonly threads: number;
}

/** Distance from float32 above which the import prints a warning. */
const SUSPICIOUS = { fp32: 1e-4, fp16: 1e-2, int8: 0.15 } as const;

/** Imports a folder and prints the result. */
export async function importFolder(
  folder: string,
  options: ImportCommandOptions,
  source?: string,
): Promise<void> {
  const name = options.name ?? basename(resolve(folder));
  await using open = new AsyncDisposableStack();
  const runtime = await openRuntime(
    runtimeSchema.parse({ providers: ["cpu"], threads: Math.min(options.threads, 64) }),
    ".",
  );
  open.defer(() => runtime.close());
  const bar = new ProgressBar();
  open.defer(() => bar.clear());
  const stop = new AbortController();
  const onInterrupt = () => stop.abort(new DOMException("Stopped", "AbortError"));
  Deno.addSignalListener("SIGINT", onInterrupt);
  open.defer(() => Deno.removeSignalListener("SIGINT", onInterrupt));
  const report = await importModel(folder, runtime, {
    name,
    out: modelsFolder(options.out),
    precision: options.precision,
    image: options.imageSize,
    window: options.window,
    fixed: options.static,
    heads: options.heads,
    chooseHeads: Deno.stdin.isTerminal() ? askHeads : undefined,
    normalizeAudio: options.normalizeAudio,
    allowUnexpected: options.ignoreUnexpected,
    replace: options.replace,
    license: options.license,
    source,
    signal: stop.signal,
    onProgress: (step, fraction) => bar.show(Math.round(fraction * 100), 100, step),
  });
  bar.clear();
  console.log(importText(report));
}

/** Asks until the answer is valid; no answer, or the end of the input, keeps the presumed kinds. */
function askHeads(
  count: number,
  presumed: HeadKinds | undefined,
): Promise<readonly HeadKind[] | undefined> {
  const hint = presumed ? ` [${presumed.kinds.join(",")}, presumed]` : "";
  for (;;) {
    const answer = prompt(
      `What is the kind of each of the ${count} heads (sound or speech)?${hint}`,
    );
    if (!answer?.trim()) return Promise.resolve(undefined);
    const kinds = answer.split(",").map((part) => headKindSchema.safeParse(part.trim()));
    if (kinds.length === count && kinds.every((kind) => kind.success)) {
      return Promise.resolve(kinds.map((kind) => kind.data));
    }
  }
}

/** The result of an import, as text. */
export function importText(report: ImportReport): string {
  const { manifest, files, check, ignored } = report;
  const precision = manifest.check?.precision ?? "fp32";
  const size = files.reduce((sum, file) => sum + file.bytes, 0);
  const distances = Object.entries(check).map(([output, d]) => `${output} ${d.toExponential(1)}`);
  const heads = manifest.heads.map(({ kind }, head) => `head ${head} ${kind}`);
  const worst = Math.max(...Object.values(check));
  return [
    `${manifest.name}: ${manifest.description}`,
    `  ${report.folder}, ${bytesText(size)}`,
    `  self-check, distance from plain float32: ${distances.join(", ")}`,
    ...(worst > SUSPICIOUS[precision]
      ? [
        `  warning: more than is usual for ${precision} (${SUSPICIOUS[precision]}); try fp32`,
      ]
      : []),
    `  ${heads.join(", ")}${report.headsVerified ? "" : " (presumed; --heads states it)"}`,
    `  license: ${manifest.license}`,
    ...(ignored.length > 0
      ? [`  warning: ${ignored.length} unknown tensors ignored, first ${ignored[0]}`]
      : []),
    `  not calibrated: scores are relative to running statistics until \`whence model calibrate ${manifest.name} --data FOLDER\``,
  ].join("\n");
}
