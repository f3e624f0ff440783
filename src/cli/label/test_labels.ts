import { basename, dirname, extname, join, resolve } from "node:path";
import type { HeadKind } from "../../core/head_kind.ts";
import { loadLabeler } from "../../labels/load_labeler.ts";
import { findModel } from "../../model/find_model.ts";
import { openEncoders } from "../../model/open_encoders.ts";
import { UsageError } from "../exit.ts";
import { runtimeConfig, type RuntimeOptions } from "../runtime_options.ts";
import { findBank } from "./default_bank.ts";
import { heardCode } from "./heard_code.ts";
import { type LabeledClip, labelReport } from "./label_report.ts";

/** Options of `whence label test`. */
export interface TestOptions extends RuntimeOptions {
  /** Default: the default bank, if there is one. */
  readonly bank?: string;
  readonly model: string;
  readonly kind?: HeadKind;
  readonly modelNames: boolean;
  readonly minScore: string;
  readonly json?: boolean;
}

const EXTENSIONS = [".wav", ".flac", ".mp3", ".ogg", ".oga"];

/**
 * Labels recordings whose names are those of their folders, and prints how many labels are right.
 *
 * @throws {UsageError|ModelError|EvaluationError} when options, the bank, the model or a file cannot be used.
 */
export async function testLabels(paths: readonly string[], options: TestOptions): Promise<void> {
  const minScore = Number(options.minScore);
  if (!(minScore >= 0 && minScore <= 1)) {
    throw new UsageError(`Cannot test labels: --min-score must be 0 to 1, got ${options.minScore}`);
  }
  const files = (await Promise.all(paths.map(soundsIn))).flat();
  if (files.length === 0) {
    throw new UsageError(`Cannot test labels: ${paths.join(", ")} has no ${EXTENSIONS.join(", ")}`);
  }
  const folder = await findModel(options.model, ".");
  const bank = await findBank(options.bank);
  const labeler = await loadLabeler(folder, {
    bank,
    model_names: options.modelNames,
    min_score: minScore,
  }, ".");
  if (labeler === undefined) {
    throw new UsageError(
      `Cannot test labels: ${folder.manifest.name} has no label file; see docs/labels.md`,
    );
  }
  await using open = await openEncoders(folder, runtimeConfig(options, "label"));
  const clips: LabeledClip[] = [];
  for (const file of files) {
    const heard = await heardCode(open.encoders, file, options.kind);
    const labels = heard === undefined ? [] : labeler.label(heard.kind, heard.code);
    const clip = { file, truth: basename(dirname(resolve(file))), labels };
    clips.push(clip);
    if (options.json) console.log(JSON.stringify({ ...clip, kind: heard?.kind ?? null }));
  }
  if (!options.json) console.log(labelReport(clips));
}

/** The sound files of a folder and the folders in it, sorted; a file is itself. */
async function soundsIn(path: string): Promise<string[]> {
  try {
    if ((await Deno.stat(path)).isFile) return [path];
  } catch {
    throw new UsageError(`Cannot test labels: ${path} must be a readable file or folder`);
  }
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(path)) {
    if (isDirectory) files.push(...await soundsIn(join(path, name)));
    else if (EXTENSIONS.includes(extname(name).toLowerCase())) files.push(join(path, name));
  }
  return files.sort();
}
