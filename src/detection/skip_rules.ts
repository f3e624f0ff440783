import type { HeadKind } from "../core/head_kind.ts";
import type { LogisticMap } from "../core/logistic.ts";
import { SKIP_NOTHING, type SkipRules } from "../grounding/skip_rules.ts";
import type { DetectConfig } from "./detect_schema.ts";

/** Share of a floor that its rounding may take away. */
const ROUNDING = 1e-6;

/** Which steps cannot change what a detector with these settings and heads finds. */
export function skipRules(
  detect: DetectConfig,
  heads: readonly { readonly kind: HeadKind; readonly calibration?: LogisticMap }[],
): SkipRules {
  // With a threshold of 0, silence takes part in events.
  if (heads.some(({ kind }) => detect[kind].off <= 0)) return SKIP_NOTHING;
  return {
    gate: detect.gate,
    presence: detect.unlocated?.off,
    floors: heads.map(({ kind, calibration }) => floor(detect[kind].off, calibration)),
  };
}

/** The activation at which the score reaches `off`, the lowest threshold; undefined if it depends on earlier steps. */
function floor(off: number, map: LogisticMap | undefined): number | undefined {
  // A score of 1 is reached by rounding.
  if (map === undefined || map.slope <= 0 || off >= 1) return undefined;
  const activation = (Math.log(off / (1 - off)) - map.offset) / map.slope;
  return activation - ROUNDING * Math.abs(activation);
}
