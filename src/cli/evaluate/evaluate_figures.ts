import type { Ade20kResult, PromptedFigures } from "../../evaluation/runs/evaluate_ade20k.ts";
import type { DisentanglementResult } from "../../evaluation/runs/evaluate_pairs.ts";
import type { RetrievalResult } from "../../evaluation/metrics/pair_retrieval.ts";
import type { SegmentationResult } from "../../evaluation/metrics/prompted_segmentation.ts";
import type { SceneReport } from "../../evaluation/runs/scene_report.ts";

/** JSON output of `evaluate retrieval`. */
export type RetrievalFigures = ReturnType<typeof retrievalFigures>;
/** JSON output of `evaluate disentanglement`. */
export type DisentanglementFigures = ReturnType<typeof disentanglementFigures>;
/** JSON output of `evaluate ade20k-…`. */
export type Ade20kFigures = ReturnType<typeof ade20kFigures>;
/** JSON output. */
export type Figures = SceneReport | RetrievalFigures | DisentanglementFigures | Ade20kFigures;

/** @param sets results with the names of the data sets */
export function retrievalFigures(
  model: string,
  sets: readonly { readonly name: string; readonly result: RetrievalResult }[],
) {
  const entries = sets.map(({ name, result: { n, dense, global } }) =>
    [name, { n, retrieval: dense, baseline: { retrieval: global } }] as const
  );
  return { model, sets: Object.fromEntries(entries) };
}

/** Figures of disentanglement. */
export function disentanglementFigures(
  model: string,
  { speech, sound, dense, global }: DisentanglementResult,
) {
  return {
    model,
    n: { speech, sound },
    ap_dis: dense.apDis,
    act_dis: dense.actDis,
    baseline: { ap_dis: global.apDis, act_dis: global.actDis },
  };
}

/** Figures of prompted segmentation, as published and corrected. */
export function ade20kFigures(model: string, result: Ade20kResult) {
  const { baseline, prompts } = result;
  return {
    model,
    n: prompts,
    classes: result.corrected.wholeClip.classes.length,
    published: prompted(result.published),
    corrected: prompted(result.corrected),
    baseline: { map: baseline, miou: baseline },
  };
}

/** The figures with six decimals, NaN as null. */
export function rounded(figures: Figures): object {
  return JSON.parse(
    JSON.stringify(
      figures,
      (_, value) => typeof value === "number" ? Number(value.toFixed(6)) : value,
    ),
  );
}

function prompted({ wholeClip, word, wordFault }: PromptedFigures) {
  return {
    whole_clip: segmented(wholeClip),
    word: word ? segmented(word) : null,
    word_fault: wordFault ?? null,
  };
}

function segmented({ map, miou, skippedItems, skippedClasses }: SegmentationResult) {
  return { map, miou, skipped_prompts: skippedItems, skipped_classes: skippedClasses };
}
