import { z } from "zod";
import { headKindSchema } from "../../core/head_kind.ts";

const targetResultSchema = z.object({
  kind: headKindSchema,
  name: z.string(),
  /** Whether the heat map's peak lies in the mask, by the head of the target's kind; null when the model has none. */
  hit: z.boolean().nullable(),
  /** The same for the larger head at each place and time. */
  hitAnyHead: z.boolean(),
  /** Whether the target has the highest peak of all objects; null unless two or more objects have masks. */
  chosen: z.boolean().nullable(),
  ap: z.number().nullable(),
  /** IoU at each of the common thresholds. */
  ious: z.array(z.number()).nullable(),
  /** What a map that says nothing reaches: the mask's share of the picture, and one out of the objects. */
  chance: z.object({ area: z.number(), choice: z.number().nullable() }),
});
/** How one target of a scene was found. */
export type TargetResult = z.infer<typeof targetResultSchema>;

const headScoresSchema = z.object({
  kind: headKindSchema,
  /** Mean activation over the targets' time, one a head. */
  dense: z.array(z.number()),
  /** Dot product of the pooled vectors, one a head. */
  global: z.array(z.number()),
});
/** What each head said to a scene with sounds only or words only. */
export type HeadScores = z.infer<typeof headScoresSchema>;

/** All that is kept of a measured scene. */
export const sceneResultSchema = z.object({
  id: z.string(),
  pool: z.string(),
  mixture: z.boolean(),
  targets: z.array(targetResultSchema),
  /** Null for scenes of both kinds and for negatives. */
  headScores: headScoresSchema.nullable(),
  /** Largest calibrated score of any head at any time; null unless the scene is a negative and a head is calibrated. */
  topScore: z.number().nullable(),
});
/** All that is kept of a measured scene. */
export type SceneResult = z.infer<typeof sceneResultSchema>;

/** Thresholds that all heat maps, each scaled to 0..1, are cut at. */
export const COMMON_THRESHOLDS = Float32Array.from({ length: 19 }, (_, i) => (i + 1) / 20);
