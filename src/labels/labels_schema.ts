import { z } from "zod";

/** The block `labels`: which names events get. */
export const labelsSchema = z.strictObject({
  bank: z.string().min(1).optional().describe(
    "Bank of names that `whence label add` wrote. A path, relative to this file. Default: the file of `things`",
  ),
  model_names: z.boolean().default(true).describe(
    "Whether events get the names that the model knows",
  ),
  min_score: z.number().min(0).max(1).default(0.5).describe(
    "Labels less probable than this are left out",
  ),
});
/** A checked `labels` block. */
export type LabelsConfig = z.infer<typeof labelsSchema>;
