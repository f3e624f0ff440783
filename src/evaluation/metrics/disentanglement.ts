import { averagePrecision } from "./average_precision.ts";

/** How well the heads separate words from sounds (paper, disentanglement). */
export interface Disentanglement {
  /** 1 if one head's scores rank every clip with words above all others, and another head's every clip with sounds. */
  readonly apDis: number;
  /** 1 if the head that should be silent is. */
  readonly actDis: number;
}

/**
 * AP-dis and Act-dis. Each head's scores are scaled to 0..1 over words and sounds together. AP-dis: how well one head's
 * scores identify words and another's identify sounds, by average precision. Act-dis: how silent (1 minus the mean score)
 * one head is on one set and another on the other. Each is a mean over the two, for the better assignment of heads. With
 * two heads this is the original's definition; with more it is the same over every ordered pair.
 *
 * @param words one row per clip with words, one score per head
 * @param sounds the same for clips with environmental sounds
 * @returns undefined with fewer than two heads or an empty set
 */
export function disentanglement(
  words: readonly ArrayLike<number>[],
  sounds: readonly ArrayLike<number>[],
): Disentanglement | undefined {
  const heads = words.length > 0 ? words[0].length : 0;
  if (heads < 2 || sounds.length === 0) return undefined;
  const isWord = [...words.map(() => 1), ...sounds.map(() => 0)];
  const isSound = isWord.map((word) => 1 - word);
  const columns = Array.from(
    { length: heads },
    (_, head) => scaled(Float32Array.from([...words, ...sounds], (row) => row[head])),
  );
  const ap = columns.map((column) =>
    [isWord, isSound].map((truth) => averagePrecision(column, truth))
  );
  const act = columns.map((column) =>
    [isWord, isSound].map((truth) => 1 - meanWhere(column, truth))
  );
  return { apDis: bestPair(ap), actDis: bestPair(act) };
}

function scaled(column: Float32Array): Float32Array {
  const low = Math.min(...column);
  const shifted = column.map((score) => score - low);
  const range = Math.max(1e-4, Math.max(...shifted));
  return shifted.map((score) => score / range);
}

function meanWhere(column: Float32Array, truth: readonly number[]): number {
  let sum = 0;
  let count = 0;
  column.forEach((score, i) => {
    sum += truth[i] * score;
    count += truth[i];
  });
  return sum / count;
}

function bestPair(matrix: readonly (readonly number[])[]): number {
  let best = -Infinity;
  for (let i = 0; i < matrix.length; i++) {
    for (let j = 0; j < matrix.length; j++) {
      if (i !== j) best = Math.max(best, (matrix[i][0] + matrix[j][1]) / 2);
    }
  }
  return best;
}
