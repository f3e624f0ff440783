import { z } from "zod";

/** What a head means, in the order in which they are listed for people. */
export const HEAD_KINDS = ["sound", "speech"] as const;

/** The kind of a head: environmental sound ("chirp") or spoken words ("chat"). */
export const headKindSchema = z.enum(HEAD_KINDS);
/** One head's kind. */
export type HeadKind = z.infer<typeof headKindSchema>;

/** A value for each kind of head. */
export function forEachKind<T>(make: (kind: HeadKind) => T): Record<HeadKind, T> {
  return Object.fromEntries(HEAD_KINDS.map((kind) => [kind, make(kind)])) as Record<HeadKind, T>;
}
