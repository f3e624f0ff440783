import type { RetrievalRecalls } from "../../evaluation/metrics/recall.ts";
import type { SceneReport } from "../../evaluation/runs/scene_report.ts";
import type {
  Ade20kFigures,
  DisentanglementFigures,
  RetrievalFigures,
} from "./evaluate_figures.ts";
import { tableText } from "../table.ts";
import { section } from "../text.ts";

type Cell = string | number | null;

/** The report of `evaluate scenes`. "Global" are the figures of one pooled vector per clip and picture. */
export function scenesText(report: SceneReport): string {
  const { pools, choice, mixture, baseline } = report;
  const rows = Object.entries(pools).map(([pool, figures]): Cell[] => [
    pool,
    String(figures.n),
    figures.pointing,
    baseline.pools[pool].pointing,
    figures.pointing_any_head,
    choice[pool],
    baseline.pools[pool].choice,
    figures.ap,
    baseline.pools[pool].ap,
    figures.iou,
    baseline.pools[pool].iou,
    figures.false_alarm,
    figures.unlocated,
  ]);
  const header = [
    ...["pool", "n", "pointing", "(global)", "any head", "choice", "(global)", "AP", "(global)"],
    ...["IoU", "(global)", "false alarm", "unlocated"],
  ];
  return report.model + "\n" +
    section("Localization", table([header, ...rows])) +
    section(
      "A sound and a word at the same time, pointing",
      table([["sound", "word"], [mixture.sound, mixture.speech]]),
    ) +
    headsText(report, baseline) +
    sceneRecallsText(report) +
    "  (global): the same features pooled to one vector each, which cannot locate anything";
}

/** The report of `evaluate retrieval`. */
export function retrievalText({ model, sets }: RetrievalFigures): string {
  const blocks = Object.entries(sets).map(([name, { n, retrieval, baseline }]) =>
    recallsText(`${name}: retrieval among ${n}`, retrieval, baseline.retrieval)
  );
  return `${model}\n${blocks.join("")}`.trimEnd();
}

/** The report of `evaluate disentanglement`. */
export function disentanglementText(figures: DisentanglementFigures): string {
  const { model, n, baseline } = figures;
  const title = `${model}, ${n.speech} clips with words, ${n.sound} with sounds`;
  return `${title}\n${headsText(figures, baseline)}`.trimEnd();
}

/** The report of `evaluate ade20k-speech` and `-sound`. */
export function ade20kText(figures: Ade20kFigures): string {
  const { model, n, classes, published, corrected, baseline } = figures;
  const row = (name: string, of: typeof published.whole_clip | null): Cell[] => [
    name,
    of?.map ?? null,
    of?.miou ?? null,
    String(of?.skipped_prompts ?? "-"),
    String(of?.skipped_classes ?? "-"),
  ];
  const rows = [
    ["", "mAP", "mIoU", "prompts skipped", "classes skipped"],
    row("whole clip, as published", published.whole_clip),
    row("whole clip, corrected", corrected.whole_clip),
  ];
  if (corrected.word) {
    rows.push(row("word's time, as published", published.word));
    rows.push(row("word's time, corrected", corrected.word));
  }
  rows.push(["uniform map (global vectors)", baseline.map, baseline.miou, "-", "-"]);
  const note =
    "\n  corrected: prompts without time steps and classes that no picture shows are skipped, words cut to the clip";
  const fault = published.word_fault ? `\n  ${published.word_fault}` : "";
  const title = `${n} prompts, ${classes} classes`;
  return `${model}\n${section(title, table(rows))}`.trimEnd() + note + fault;
}

function headsText(
  dense: { ap_dis: number | null; act_dis: number | null },
  global: { ap_dis: number | null; act_dis: number | null },
): string {
  return section(
    "Separation of words and sounds by the heads",
    table([
      ["", "AP-dis", "Act-dis"],
      ["dense", dense.ap_dis, dense.act_dis],
      ["(global)", global.ap_dis, global.act_dis],
    ]),
  );
}

function sceneRecallsText({ retrieval, retrieval_n, retrieval_by_kind, baseline }: SceneReport) {
  if (!retrieval || !baseline.retrieval) return "";
  const { sound, speech } = retrieval_by_kind;
  return recallsText(`Retrieval among ${retrieval_n}`, retrieval, baseline.retrieval, [
    ...(sound ? [recallsRow(`sounds, among ${sound.n}`, sound)] : []),
    ...(speech ? [recallsRow(`words, among ${speech.n}`, speech)] : []),
  ]);
}

function recallsText(
  title: string,
  dense: RetrievalRecalls,
  global: RetrievalRecalls,
  more: readonly Cell[][] = [],
): string {
  const header = ["", "sound→picture R@1", "R@5", "R@10", "picture→sound R@1", "R@5", "R@10"];
  const rows = [header, recallsRow("dense", dense), recallsRow("(global)", global), ...more];
  return section(title, table(rows));
}

function recallsRow(name: string, { a2i, i2a }: RetrievalRecalls): Cell[] {
  return [name, a2i.r1, a2i.r5, a2i.r10, i2a.r1, i2a.r5, i2a.r10];
}

/** The first column to the left, the others to the right. */
function table(rows: readonly (readonly Cell[])[]): string {
  return tableText(rows.map((row) => row.map(cellText)), ["left", "right"]);
}

/** A number with three decimals, `-` for none. */
function cellText(cell: Cell): string {
  if (typeof cell === "string") return cell;
  return cell === null || Number.isNaN(cell) ? "-" : cell.toFixed(3);
}
