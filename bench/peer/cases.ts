import { type ClipName, CLIPS } from "./clips.ts";

export const PACES = ["live", "fast"] as const;
export type Pace = typeof PACES[number];

/** What both programs do in one comparison. */
export interface PeerCase {
  readonly clip: ClipName;
  /** Length of the clip, s. */
  readonly seconds: number;
  /** Cameras in one process. */
  readonly cameras: number;
  readonly pace: Pace;
  /** Runs of each program. */
  readonly runs: number;
}

/** Which cases are measured; all where nothing is given. */
export interface PeerSelection {
  readonly cameras?: number;
  readonly clip?: ClipName;
  readonly pace?: Pace;
}

/** Longer clips would take 16 cameras of the Python pipeline more than 3 minutes a run. */
const LONG = { seconds: 20, most: 4 };
const SHORT_SECONDS = 10;

/** The selected cases, one camera first. */
export function peerCases({ cameras, clip, pace }: PeerSelection, quick: boolean): PeerCase[] {
  const numbers = quick ? [1, 4] : [1, 4, 16];
  return (cameras === undefined ? numbers : [cameras]).flatMap((cameras) =>
    PACES.filter((name) => pace === undefined || name === pace).flatMap((pace) =>
      (Object.keys(CLIPS) as ClipName[])
        .filter((name) => clip === undefined || name === clip)
        .map((clip) => ({
          clip,
          seconds: quick || cameras > LONG.most ? SHORT_SECONDS : LONG.seconds,
          cameras,
          pace,
          runs: cameras === 1 && !quick ? 3 : 1,
        }))
    )
  );
}

/** A case in words. */
export function caseText({ clip, cameras, pace, seconds }: PeerCase): string {
  return `${CLIPS[clip]} (${seconds} s), ${cameras} × ${pace}`;
}
