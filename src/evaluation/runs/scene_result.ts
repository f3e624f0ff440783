import { z } from "zod";
import { headKindSchema } from "../../core/head_kind.ts";

const targetResultSchema = z.object({
  kind: headKindSchema,
  name: z.string(),
  /** Whether the heat map's peak is inside the mask, by the head of the target's kind; null if the model has none. */
  hit: z.boolean().nullable(),
  /** The same for the maximum over heads at each cell and step. */
  hitAnyHead: z.boolean(),
  /** Whether the target has the highest peak of all objects; null unless two or more objects have masks. */
  chosen: z.boolean().nullable(),
  ap: z.number().nullable(),
  /** IoU at each of the common thresholds. */
  ious: z.array(z.number()).nullable(),
  /** Chance level: the mask's share of the picture, and one out of the number of objects. */
  chance: z.object({ area: z.number(), choice: z.number().nullable() }),
});
/** The measurements of one target of a scene. */
export type TargetResult = z.infer<typeof targetResultSchema>;

const headScoresSchema = z.object({
  kind: headKindSchema,
  /** Mean activation over the targets' time, one per head. */
  dense: z.array(z.number()),
  /** Dot product of the pooled vectors, one per head. */
  global: z.array(z.number()),
});
/** Scores of each head for a scene with sounds only or words only. */
export type HeadScores = z.infer<typeof headScoresSchema>;

/** The stored measurements of one scene. */
export const sceneResultSchema = z.object({
  id: z.string(),
  pool: z.string(),
  mixture: z.boolean(),
  targets: z.array(targetResultSchema),
  /** Null for scenes of both kinds and for negatives. */
  headScores: headScoresSchema.nullable(),
  /** Highest calibrated score of any head at any time; null unless the scene is a negative and a head is calibrated. */
  topScore: z.number().nullable(),
  /**
   * Highest presence of any head that lasts for 300 ms while that head's score is below .4; null unless the model gives presence
   * and a head is calibrated.
   */
  heardAlone: z.number().nullable(),
});
/** The stored measurements of one scene. */
export type SceneResult = z.infer<typeof sceneResultSchema>;

/** Thresholds for all heat maps, each scaled to 0..1. */
export const COMMON_THRESHOLDS = Float32Array.from({ length: 19 }, (_, i) => (i + 1) / 20);
