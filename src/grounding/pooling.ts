/**
 * Score of one clip: `mean_t max_k a[k, t]` (arXiv 2406.05629, § 3).
 *
 * @param activation `[K, T]`, T ≥ 1.
 */
export function clipScore(activation: Float32Array, heads: number): number {
  const steps = activation.length / heads;
  let sum = 0;
  for (let t = 0; t < steps; t++) {
    let loudest = -Infinity;
    for (let k = 0; k < heads; k++) loudest = Math.max(loudest, activation[k * steps + t]);
    sum += loudest;
  }
  return sum / steps;
}

/**
 * Level of a signal relative to full scale in dBFS: `20 log10` of its root mean square; -Infinity for digital silence.
 */
export function levelDbfs(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return 10 * Math.log10(sum / samples.length || 0);
}
