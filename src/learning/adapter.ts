import { z } from "zod";
import { LearnError } from "./learn_error.ts";

const figuresSchema = z.object({
  /** Moments that could be compared. */
  n: z.int(),
  auc: z.number().optional(),
  first: z.number().optional(),
  chance: z.number().optional(),
});
/** How well a model matches sounds with their pictures on held-out recordings. */
export type Figures = z.infer<typeof figuresSchema>;

const headSchema = z.object({
  head: z.int(),
  before: figuresSchema,
  /** Of the model that would be replaced. */
  former: figuresSchema.optional(),
  after: figuresSchema,
  /** Activations of single steps, with the adapter. */
  matched: z.array(z.number()),
  mismatched: z.array(z.number()),
});
/** What was measured of one head. */
export type HeadResult = z.infer<typeof headSchema>;

const adapterSchema = z.object({
  format: z.literal("whence/adapter/1"),
  steps: z.int(),
  /** `[C, C]`, applied to image features. */
  picture: z.array(z.number()),
  /** `[K, C / K, C / K]`, applied to each head's audio features. */
  sound: z.array(z.number()),
  heads: z.array(headSchema),
});
/** What models/training/whence_training/learn.py learned. */
export type Adapter = z.infer<typeof adapterSchema>;

/** @throws {LearnError} if the file is not a whole adapter. */
export async function readAdapter(file: string): Promise<Adapter> {
  try {
    return adapterSchema.parse(JSON.parse(await Deno.readTextFile(file)));
  } catch (cause) {
    throw new LearnError(`Cannot learn: ${file} must be an adapter`, { cause });
  }
}
