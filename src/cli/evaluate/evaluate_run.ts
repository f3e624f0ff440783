import { readAde20k } from "../../evaluation/datasets/ade20k_set.ts";
import type { ClipGrounder } from "../../evaluation/runs/clip_grounder.ts";
import { evaluateAde20k } from "../../evaluation/runs/evaluate_ade20k.ts";
import {
  evaluateDisentanglement,
  evaluateRetrieval,
} from "../../evaluation/runs/evaluate_pairs.ts";
import { evaluateScenes } from "../../evaluation/runs/evaluate_scenes.ts";
import { openGrounder } from "../../evaluation/runs/open_grounder.ts";
import { findPairSets } from "../../evaluation/datasets/pair_set.ts";
import { readSceneSet } from "../../evaluation/datasets/scene_set.ts";
import type { HeadKind } from "../../core/head_kind.ts";
import type { Progress } from "../../core/progress.ts";
import { findModel } from "../../model/find_model.ts";
import {
  ade20kFigures,
  disentanglementFigures,
  type Figures,
  retrievalFigures,
  rounded,
} from "./evaluate_figures.ts";
import { ade20kText, disentanglementText, retrievalText, scenesText } from "./evaluate_text.ts";
import { ProgressBar } from "../progress_bar.ts";
import { runtimeConfig, type RuntimeOptions } from "../runtime_options.ts";

/** Names of the `evaluate` commands. */
export type EvaluationName =
  | "scenes"
  | "retrieval"
  | "disentanglement"
  | "ade20k-speech"
  | "ade20k-sound";

/** Options of the `evaluate` commands. */
export interface EvaluateOptions extends RuntimeOptions {
  readonly model: string;
  readonly json?: boolean;
  readonly limit?: number;
  readonly resume: string;
  readonly pictures?: string;
  readonly retrieval?: number;
  readonly normalizeAudio?: boolean;
}

interface Job {
  readonly folder: string;
  readonly options: EvaluateOptions;
  readonly grounder: ClipGrounder;
  readonly onProgress: Progress;
}

interface Outcome {
  readonly figures: Figures;
  readonly text: string;
}

const EVALUATIONS: Record<EvaluationName, (job: Job) => Promise<Outcome>> = {
  scenes,
  retrieval,
  disentanglement,
  "ade20k-speech": (job) => ade20k(job, "speech"),
  "ade20k-sound": (job) => ade20k(job, "sound"),
};

/** Evaluates a model on a folder and prints the figures. */
export async function evaluate(
  name: EvaluationName,
  folder: string,
  options: EvaluateOptions,
): Promise<void> {
  const model = await findModel(options.model, ".");
  await using open = await openGrounder(model, runtimeConfig(options, "evaluate"));
  const { grounder, encoders, runtime } = open;
  using bar = new ProgressBar();
  const { figures, text } = await EVALUATIONS[name]({
    folder,
    options,
    grounder,
    onProgress: (done, total, what) => bar.show(done, total, what),
  });
  bar.clear();
  const { provider } = encoders.image;
  const ran = { version: runtime.version, provider };
  console.log(
    options.json
      ? JSON.stringify({ ...rounded(figures), runtime: ran }, null, 2)
      : `${text}\n  ran on ${provider}, ONNX Runtime ${runtime.version}`,
  );
}

async function scenes({ folder, options, grounder, onProgress }: Job): Promise<Outcome> {
  const set = await readSceneSet(folder, options.limit);
  const report = await evaluateScenes(grounder, set, {
    retrievalPairs: options.retrieval ?? 0,
    resumeFolder: options.resume,
    pictures: options.pictures,
    onProgress,
  });
  return { figures: report, text: scenesText(report) };
}

async function retrieval(job: Job): Promise<Outcome> {
  const results = [];
  for (const set of await findPairSets(job.folder, job.options.limit)) {
    const result = await evaluateRetrieval(job.grounder, set, pairOptions(job));
    results.push({ name: set.name, result });
  }
  const figures = retrievalFigures(modelName(job), results);
  return { figures, text: retrievalText(figures) };
}

async function disentanglement(job: Job): Promise<Outcome> {
  const sets = await findPairSets(job.folder, job.options.limit);
  const result = await evaluateDisentanglement(job.grounder, sets, pairOptions(job));
  const figures = disentanglementFigures(modelName(job), result);
  return { figures, text: disentanglementText(figures) };
}

async function ade20k(job: Job, kind: HeadKind): Promise<Outcome> {
  const prompts = await readAde20k(job.folder, kind, job.options.limit);
  const result = await evaluateAde20k(job.grounder, prompts, kind, pairOptions(job));
  const figures = ade20kFigures(modelName(job), result);
  return { figures, text: ade20kText(figures) };
}

function pairOptions({ options, onProgress }: Job) {
  return {
    normalizeAudio: options.normalizeAudio ?? false,
    resumeFolder: options.resume,
    onProgress,
  };
}

function modelName({ grounder: { manifest: { name, version } } }: Job): string {
  return `${name}@${version}`;
}
