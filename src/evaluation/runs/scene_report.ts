import { mean } from "../../core/mean.ts";
import { disentanglement } from "../metrics/disentanglement.ts";
import type { RetrievalResult } from "../metrics/pair_retrieval.ts";
import type { RetrievalRecalls } from "../metrics/recall.ts";
import { COMMON_THRESHOLDS, type SceneResult, type TargetResult } from "./scene_result.ts";

/** A negative that reaches this score at any time is a false alarm. */
const ALARM_SCORE = 0.6;
/** Presence from which something is heard without a place; the default of `detect.unlocated.on`. */
const HEARD_PRESENCE = 0.7;

/** One pool of scenes; null where a figure does not apply: no targets, or no negatives. */
export interface PoolFigures {
  /** Scenes. */
  readonly n: number;
  /** Share of targets whose heat map has its peak inside their mask. */
  readonly pointing: number | null;
  readonly pointing_any_head: number | null;
  /** Mean over targets of the average precision of pixels. */
  readonly ap: number | null;
  /** Mean IoU at the threshold that is best for the whole pool. */
  readonly iou: number | null;
  /** Share of negatives with a score of .6 or more at any time, in any head. */
  readonly false_alarm: number | null;
  /** Share of scenes in which something is heard that nothing in the picture matches, as `detect.unlocated` finds it. */
  readonly unlocated: number | null;
}

/** Figures of one global vector per clip and picture: it locates nothing, so pointing, AP and IoU are those of a uniform map. */
export interface BaselineFigures {
  readonly pools: Readonly<
    Record<
      string,
      Pick<PoolFigures, "pointing" | "ap" | "iou"> & { readonly choice: number | null }
    >
  >;
  readonly ap_dis: number | null;
  readonly act_dis: number | null;
  readonly retrieval: RetrievalRecalls | null;
}

/** Retrieval among all ranked scenes, and among those of one kind. */
export interface SceneRetrieval {
  readonly all: RetrievalResult;
  readonly sound: RetrievalResult;
  readonly speech: RetrievalResult;
}

/** Retrieval of one kind. */
export type KindRecalls = RetrievalRecalls & { readonly n: number };

/** The result of `evaluate scenes`. */
export interface SceneReport {
  readonly pools: Readonly<Record<string, PoolFigures>>;
  /** Pointing where a sound and a word are heard at the same time. */
  readonly mixture: { readonly sound: number | null; readonly speech: number | null };
  readonly ap_dis: number | null;
  readonly act_dis: number | null;
  readonly retrieval: RetrievalRecalls | null;
  /** Number of ranked pairs. */
  readonly retrieval_n: number;
  /** Scenes of one kind ranked among themselves; null without such scenes. */
  readonly retrieval_by_kind: {
    readonly sound: KindRecalls | null;
    readonly speech: KindRecalls | null;
  };
  /** Share of targets that have the highest peak of all objects, by pool. */
  readonly choice: Readonly<Record<string, number | null>>;
  readonly baseline: BaselineFigures;
  readonly model: string;
}

/**
 * Summarizes measured scenes.
 *
 * @param model `NAME@VERSION`
 */
export function sceneReport(
  model: string,
  scenes: readonly SceneResult[],
  retrieval: SceneRetrieval | undefined,
): SceneReport {
  const pools = [...Map.groupBy(scenes, (scene) => scene.pool)];
  const record = <T>(figures: (scenes: readonly SceneResult[]) => T): Record<string, T> =>
    Object.fromEntries(pools.map(([pool, members]) => [pool, figures(members)]));
  const mixed = scenes.filter((scene) => scene.mixture).flatMap((scene) => scene.targets);
  const pointing = (kind: string) =>
    share(mixed.filter((target) => target.kind === kind).map((target) => target.hit));
  const dense = separated(scenes, "dense");
  const global = separated(scenes, "global");
  return {
    pools: record(poolFigures),
    mixture: { sound: pointing("sound"), speech: pointing("speech") },
    ap_dis: dense?.apDis ?? null,
    act_dis: dense?.actDis ?? null,
    retrieval: retrieval?.all.dense ?? null,
    retrieval_n: retrieval?.all.n ?? 0,
    retrieval_by_kind: {
      sound: ofKind(retrieval?.sound),
      speech: ofKind(retrieval?.speech),
    },
    choice: record((members) => share(targetsOf(members).map((target) => target.chosen))),
    baseline: {
      pools: record((members) => baselineFigures(targetsOf(members))),
      ap_dis: global?.apDis ?? null,
      act_dis: global?.actDis ?? null,
      retrieval: retrieval?.all.global ?? null,
    },
    model,
  };
}

function ofKind(result: RetrievalResult | undefined): KindRecalls | null {
  return result && result.n > 0 ? { n: result.n, ...result.dense } : null;
}

function poolFigures(scenes: readonly SceneResult[]): PoolFigures {
  const targets = targetsOf(scenes);
  const curves = targets.flatMap(({ ious }) => ious === null ? [] : [ious]);
  const atThresholds = [...COMMON_THRESHOLDS.keys()].map((i) => knownMean(curves.map((c) => c[i])));
  return {
    n: scenes.length,
    pointing: share(targets.map((target) => target.hit)),
    pointing_any_head: share(targets.map((target) => target.hitAnyHead)),
    ap: knownMean(targets.map((target) => target.ap)),
    iou: curves.length === 0 ? null : Math.max(...atThresholds.map((iou) => iou ?? 0)),
    false_alarm: share(
      scenes.map(({ topScore }) => topScore === null ? null : topScore >= ALARM_SCORE),
    ),
    unlocated: share(
      scenes.map(({ heardAlone }) => heardAlone === null ? null : heardAlone >= HEARD_PRESENCE),
    ),
  };
}

function baselineFigures(targets: readonly TargetResult[]) {
  const area = knownMean(targets.map((target) => target.chance.area));
  const choice = knownMean(targets.map((target) => target.chance.choice));
  return { pointing: area, ap: area, iou: area, choice };
}

function separated(scenes: readonly SceneResult[], which: "dense" | "global") {
  const of = (kind: string) =>
    scenes.flatMap(({ headScores }) => headScores?.kind === kind ? [headScores[which]] : []);
  return disentanglement(of("speech"), of("sound"));
}

function targetsOf(scenes: readonly SceneResult[]): TargetResult[] {
  return scenes.flatMap((scene) => scene.targets);
}

function share(values: readonly (boolean | null)[]): number | null {
  return knownMean(values.map((value) => value === null ? null : Number(value)));
}

/** Mean of the values that are not null; null if all are. */
function knownMean(values: readonly (number | null)[]): number | null {
  const there = values.filter((value) => value !== null);
  return there.length === 0 ? null : mean(there);
}
