import { z } from "zod";

/** What a head means, in the order in which they are listed for people. */
export const HEAD_KINDS = ["sound", "speech"] as const;

/** The kind of a head: environmental sound ("chirp") or spoken words ("chat"). */
export const headKindSchema = z.enum(HEAD_KINDS);
/** One head's kind. */
export type HeadKind = z.infer<typeof headKindSchema>;
