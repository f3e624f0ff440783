/** Share of queries whose partner is among the first 1, 5 and 10. */
export interface Recalls {
  readonly r1: number;
  readonly r5: number;
  readonly r10: number;
}

/** Retrieval both ways: `a2i` ranks pictures for a sound, `i2a` ranks sounds for a picture. */
export interface RetrievalRecalls {
  readonly a2i: Recalls;
  readonly i2a: Recalls;
}

/**
 * Recall at 1, 5 and 10 (paper, cross-modal retrieval) of matched pairs: row i's partner is column i.
 *
 * Ties count by the probability that the partner comes first, so a constant similarity reaches exactly k / n. The
 * original's `I_r*` are `a2i` here and its `A_r*` are `i2a`; the original needs ten pairs or more, this does not.
 *
 * @param similarity `[n, n]`, rows are sounds, columns are pictures
 * @returns NaN everywhere if n is 0
 */
export function recalls(similarity: Float32Array, n: number): RetrievalRecalls {
  return { a2i: ranked(similarity, n, n, 1), i2a: ranked(similarity, n, 1, n) };
}

function ranked(similarity: Float32Array, n: number, query: number, item: number): Recalls {
  const hits = [0, 0, 0];
  for (let q = 0; q < n; q++) {
    const own = similarity[q * query + q * item];
    let better = 0;
    let equal = 0;
    for (let i = 0; i < n; i++) {
      const other = similarity[q * query + i * item];
      if (other > own) better++;
      else if (other === own) equal++;
    }
    [1, 5, 10].forEach((k, i) => hits[i] += Math.min(1, Math.max(0, (k - better) / equal)));
  }
  const [r1, r5, r10] = hits.map((hit) => hit / n);
  return { r1, r5, r10 };
}
