import { counted } from "../../core/quantities.ts";
import type { LabelScore } from "../../labels/labeler.ts";
import { tableText } from "../table.ts";

/** Name of what should get no label. */
const UNKNOWN = "unknown";

/** One recording, and the labels that it got. */
export interface LabeledClip {
  readonly file: string;
  /** The name that is right. */
  readonly truth: string;
  /** Most probable first. */
  readonly labels: readonly LabelScore[];
}

/** A table of all names with what their recordings were labeled, and the sums. */
export function labelReport(clips: readonly LabeledClip[]): string {
  const groups = Map.groupBy(clips, ({ truth }) => truth);
  const rows = [...groups].sort(([a], [b]) => a < b ? -1 : 1).map(([truth, all]) => {
    const others = Map.groupBy(all.filter(isWrong), topOf);
    const confused = [...others].map(([name, { length }]) =>
      length > 1 ? `${name} ${length}` : name
    );
    return [
      truth,
      String(all.length),
      String(all.filter(isRight).length),
      String(all.filter((clip) => topOf(clip) === undefined).length),
      String(all.filter(isWrong).length),
      confused.join(", "),
    ];
  });
  const table = tableText(
    [["name", "clips", "right", "no label", "wrong", "taken for"], ...rows],
    ["left", "right", "right", "right", "right", "left"],
  );
  return [table, "", ...summary(clips)].join("\n");
}

const topOf = ({ labels }: LabeledClip): string | undefined => labels[0]?.name;

const isRight = (clip: LabeledClip) =>
  topOf(clip) === (clip.truth === UNKNOWN ? undefined : clip.truth);

const isWrong = (clip: LabeledClip) => topOf(clip) !== undefined && !isRight(clip);

function summary(clips: readonly LabeledClip[]): string[] {
  const known = clips.filter(({ truth }) => truth !== UNKNOWN);
  const found = known.filter(isRight).length;
  const rest = clips.filter(({ truth }) => truth === UNKNOWN);
  const labeled = clips.filter(({ labels }) => labels.length > 0);
  const mean = labeled.reduce((sum, { labels }) => sum + labels[0].score, 0) / labeled.length;
  const right = labeled.filter(isRight).length;
  return [
    ...known.length === 0 ? [] : [
      `top-1: ${found} of ${counted(known.length, "recording")} right (${
        percent(found, known.length)
      })`,
    ],
    ...rest.length === 0 ? [] : [
      `unknown: ${rest.filter(({ labels }) => labels.length === 0).length} of ${
        counted(rest.length, "recording")
      } without a label`,
    ],
    ...labeled.length === 0 ? [] : [
      `labels: ${counted(labeled.length, "label")}, mean score ${mean.toFixed(2)}, ${
        percent(right, labeled.length)
      } right`,
    ],
  ];
}

const percent = (part: number, whole: number) => `${Math.round(100 * part / whole)} %`;
