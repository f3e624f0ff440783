import type { HeadKind } from "../model/manifest.ts";
import { ImportError } from "./import_error.ts";

/** What each head listens for, and whether anybody has confirmed it. */
export interface HeadKinds {
  readonly kinds: readonly HeadKind[];
  readonly verified: boolean;
}

/**
 * Kinds for `count` heads.
 *
 * The weights do not say which head is which. For two heads the published model's presumed order is
 * taken (head 0 speech, head 1 sound; from third-party code, not confirmed); for one, the
 * repository's name (`DenseAV-language`, `DenseAV-sound`).
 *
 * @param given the user's choice, which counts as verified
 * @throws {ImportError} when nothing tells.
 */
export function headKinds(
  count: number,
  given: readonly HeadKind[] | undefined,
  origin: string,
): HeadKinds {
  if (given) {
    if (given.length !== count) {
      throw new ImportError(
        `Cannot import: --heads must name ${count} head${
          count === 1 ? "" : "s"
        }, got ${given.length}`,
      );
    }
    return { kinds: given, verified: true };
  }
  if (count === 2) return { kinds: ["speech", "sound"], verified: false };
  if (count === 1) {
    const language = /language|speech/i.test(origin);
    const sound = /sound/i.test(origin);
    if (language !== sound) return { kinds: [language ? "speech" : "sound"], verified: false };
  }
  throw new ImportError(
    `Cannot import: --heads must name each of the ${count} heads (sound or speech), got nothing`,
  );
}
