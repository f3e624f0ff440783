import type { HeadKind } from "../core/head_kind.ts";
import { ImportError } from "./import_error.ts";

/** The kind of each head, and whether it has been confirmed. */
export interface HeadKinds {
  readonly kinds: readonly HeadKind[];
  readonly verified: boolean;
}

/**
 * The presumed kinds of `count` heads, or undefined.
 *
 * The weights do not state which head is which. Two heads are presumed to be in the order of the published model
 * (head 0 speech, head 1 sound; from third-party code, not confirmed); the kind of one head follows from the
 * repository's name (`DenseAV-language`, `DenseAV-sound`).
 */
export function presumedKinds(count: number, origin: string): HeadKinds | undefined {
  if (count === 2) return { kinds: ["speech", "sound"], verified: false };
  if (count !== 1) return undefined;
  const language = /language|speech/i.test(origin);
  const sound = /sound/i.test(origin);
  if (language === sound) return undefined;
  return { kinds: [language ? "speech" : "sound"], verified: false };
}

/**
 * The kinds that the user states, which count as verified.
 *
 * @throws {ImportError} when the number of kinds is not the number of heads.
 */
export function givenKinds(count: number, kinds: readonly HeadKind[]): HeadKinds {
  if (kinds.length !== count) {
    throw new ImportError(
      `Cannot import: --heads must name ${count} head${
        count === 1 ? "" : "s"
      }, got ${kinds.length}`,
    );
  }
  return { kinds, verified: true };
}
