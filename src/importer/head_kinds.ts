import type { HeadKind } from "../core/head_kind.ts";
import { ImportError } from "./import_error.ts";

/** What each head listens for, and whether anybody has confirmed it. */
export interface HeadKinds {
  readonly kinds: readonly HeadKind[];
  readonly verified: boolean;
}

/**
 * What is presumed of `count` heads, or undefined.
 *
 * The weights do not say which head is which. For two heads the published model's presumed order is
 * taken (head 0 speech, head 1 sound; from third-party code, not confirmed); for one, the
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
 * The user's choice, which counts as verified.
 *
 * @throws {ImportError} when it names another number of heads than the model has.
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
