import type { FitGeometry } from "../core/fit_geometry.ts";
import type { GroundedStep } from "../grounding/grounded_step.ts";
import type { DetectConfig } from "./detect_schema.ts";
import type { HeadOptions, JudgedHead } from "./detector.ts";
import { type Region, regionOf } from "./region.ts";

/** Share of `on` that a score must reach to count as near, unless `off` is lower. */
const NEAR = 0.75;

/**
 * Why something that came close to an event did not become one; `moved`: it lasted long enough, but not in one place.
 */
export type NearMissReason = "below_on" | "too_short" | "below_gate" | "moved";

/** A stretch of time in which a score came close to an event that did not happen; times in ns of running time. */
export interface NearMissStretch extends Region {
  readonly head: number;
  readonly reason: NearMissReason;
  readonly startNs: number;
  readonly endNs: number;
  readonly peakNs: number;
  /** Highest score, without the gate. */
  readonly score: number;
  /** Highest level, dBFS. */
  readonly level: number;
  /** How long the score was up with the gate open, s: from `on` until it fell below `off`. */
  readonly activeSeconds: number;
}

/** What a finder knows besides the settings. */
export interface NearMissOptions {
  readonly heads: readonly HeadOptions[];
  readonly gridWidth: number;
  readonly gridHeight: number;
  readonly stepSeconds: number;
  readonly fit: FitGeometry;
  /** `[h, w]`, 0 for cells outside the picture. */
  readonly counts: Uint8Array;
}

interface Stretch {
  readonly startNs: number;
  endNs: number;
  peakNs: number;
  score: number;
  gatedScore: number;
  level: number;
  activeNs: number;
  up: boolean;
  announced: boolean;
  map: Float32Array;
}

/** Finds what came close to an event: a score that stayed below `on`, was up too briefly, came below
 * the gate, or moved before it had lasted. */
export class NearMissFinder {
  readonly #options: NearMissOptions;
  readonly #stretches: (Stretch | undefined)[];

  constructor(options: NearMissOptions) {
    this.#options = options;
    this.#stretches = options.heads.map(() => undefined);
  }

  /** Takes the next step; returns the stretches that have ended before it. */
  step(
    step: GroundedStep,
    heads: readonly JudgedHead[],
    detect: DetectConfig,
  ): NearMissStretch[] {
    const halfNs = this.#options.stepSeconds * 1e9 / 2;
    const [startNs, endNs] = [step.ptsNs - halfNs, step.ptsNs + halfNs];
    return heads.flatMap((head, k) => {
      const ended = this.#end(k, startNs, detect);
      this.#extend(k, { startNs, endNs, peakNs: step.ptsNs, level: step.level }, head, detect);
      return ended;
    });
  }

  #extend(
    k: number,
    step: { startNs: number; endNs: number; peakNs: number; level: number },
    { score, ungated, active, map }: JudgedHead,
    detect: DetectConfig,
  ): void {
    const { on, off } = detect[this.#options.heads[k].kind];
    if (ungated < Math.min(off, NEAR * on)) {
      if (this.#stretches[k]) this.#stretches[k].up = false;
      return;
    }
    const stretch = this.#stretches[k] ??= {
      ...step,
      score: -1,
      gatedScore: 0,
      activeNs: 0,
      up: false,
      announced: false,
      map,
    };
    stretch.endNs = step.endNs;
    stretch.level = Math.max(stretch.level, step.level);
    stretch.gatedScore = Math.max(stretch.gatedScore, score);
    stretch.announced ||= active;
    // As the tracker counts.
    stretch.up = score >= (stretch.up ? off : on);
    if (stretch.up) stretch.activeNs += step.endNs - step.startNs;
    if (ungated > stretch.score) {
      stretch.score = ungated;
      stretch.peakNs = step.peakNs;
      stretch.map = map.slice();
    }
  }

  #end(k: number, nowNs: number, detect: DetectConfig): NearMissStretch[] {
    const stretch = this.#stretches[k];
    const { heads, gridWidth, gridHeight, fit, counts, stepSeconds } = this.#options;
    const { on, merge_gap, min_duration } = detect[heads[k].kind];
    const gapNs = Math.max(merge_gap, stepSeconds / 2) * 1e9;
    if (!stretch || nowNs - stretch.endNs < gapNs) return [];
    this.#stretches[k] = undefined;
    if (stretch.announced) return [];
    const { startNs, endNs, peakNs, score, level, map } = stretch;
    const reason = score < on
      ? "below_on"
      : stretch.gatedScore < on
      ? "below_gate"
      : stretch.activeNs < min_duration * 1e9
      ? "too_short"
      : "moved";
    const grid = { width: gridWidth, height: gridHeight, values: map };
    return [{
      ...regionOf(grid, counts, detect.region.level, fit),
      head: k,
      reason,
      startNs,
      endNs,
      peakNs,
      score,
      level,
      activeSeconds: stretch.activeNs / 1e9,
    }];
  }
}
