import type { HeadKind } from "../core/head_kind.ts";
import type { LogisticMap } from "../core/logistic.ts";
import { mean } from "../core/mean.ts";
import { fitLogistic } from "./fit_logistic.ts";

/** Something heard in a clip that the picture shows. */
export interface HeardSteps {
  /** Undefined if it is not known what is heard: it counts for every head. */
  readonly kind: HeadKind | undefined;
  /** 1 on the audio time steps during which it is heard. */
  readonly steps: Uint8Array;
}

/** A clip whose features can be compared. */
export interface EvidenceClip<Features> {
  readonly picture: Features;
  readonly sound: Features;
  /** Empty for a negative: nothing in the picture makes the sound. */
  readonly heard: readonly HeardSteps[];
}

/** Activations of one head in single time steps: of pairs that match, and of pairs that do not. */
export interface Evidence {
  readonly matched: number[];
  readonly mismatched: number[];
  /** Clips in which the head hears something that the picture shows. */
  clips: number;
}

/**
 * Collects each head's activations: on the steps of what is heard, with the clip's own picture (matched) and with another
 * clip's (mismatched); of a clip in which the head hears nothing, the highest activation, because that is what would raise
 * a false alarm. As `gather_evidence` in models/training/whence_training/export.py.
 *
 * @param compare gives `activation [K, T]` of a sound with a picture.
 */
export async function gatherEvidence<Features>(
  clips: readonly EvidenceClip<Features>[],
  kinds: readonly HeadKind[],
  compare: (sound: Features, picture: Features) => Promise<Float32Array>,
  onProgress?: (done: number) => void,
): Promise<Evidence[]> {
  const evidence = kinds.map((): Evidence => ({ matched: [], mismatched: [], clips: 0 }));
  for (const [index, { picture, sound, heard }] of clips.entries()) {
    onProgress?.(index);
    const other = clips[(index + Math.floor(clips.length / 2) + 1) % clips.length].picture;
    const own = await compare(sound, picture);
    const elsewhere = await compare(sound, other);
    const steps = own.length / kinds.length;
    for (const [head, kind] of kinds.entries()) {
      const row = (activation: Float32Array) =>
        activation.subarray(head * steps, (head + 1) * steps);
      const heardByHead = heard.filter((part) => (part.kind ?? kind) === kind);
      for (const part of heardByHead) {
        evidence[head].matched.push(...row(own).filter((_, step) => part.steps[step]));
        evidence[head].mismatched.push(...row(elsewhere).filter((_, step) => part.steps[step]));
      }
      if (heardByHead.length === 0) evidence[head].mismatched.push(Math.max(...row(own)));
      else evidence[head].clips++;
    }
  }
  return evidence;
}

/** A calibration and how well the evidence supports it. */
export interface CalibrationFit extends LogisticMap {
  /** Probability that a matched step's activation is higher than a mismatched one's; 0.5 separates nothing. */
  readonly auc: number;
  readonly matchedMean: number;
  readonly mismatchedMean: number;
}

/** @throws {RangeError} when a class is empty or a value is not finite. */
export function fitEvidence({ matched, mismatched }: Evidence): CalibrationFit {
  return {
    ...fitLogistic(matched, mismatched),
    auc: areaUnderCurve(matched, mismatched),
    matchedMean: mean(matched),
    mismatchedMean: mean(mismatched),
  };
}

function areaUnderCurve(matched: readonly number[], mismatched: readonly number[]): number {
  const sorted = Float64Array.from(mismatched).sort();
  let wins = 0;
  for (const value of matched) {
    const below = firstIndex(sorted, (other) => other >= value);
    const notAbove = firstIndex(sorted, (other) => other > value);
    wins += (below + notAbove) / 2;
  }
  return wins / (matched.length * mismatched.length);
}

/** First index of ascending values at which the condition holds; their number if it never does. */
function firstIndex(sorted: Float64Array, holds: (value: number) => boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(sorted[middle])) high = middle;
    else low = middle + 1;
  }
  return low;
}
