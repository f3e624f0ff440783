/**
 * Mean activation of each head over the steps that a mask selects; 0 if it selects none.
 *
 * @param activation `[K, T]`
 * @param steps `[T]`, 0 or 1
 * @returns `[K]`
 */
export function headMeans(activation: Float32Array, steps: Uint8Array): number[] {
  const count = Math.max(1, steps.reduce((sum, on) => sum + on, 0));
  return Array.from({ length: activation.length / steps.length }, (_, head) => {
    const row = activation.subarray(head * steps.length, (head + 1) * steps.length);
    return row.reduce((sum, value, step) => sum + value * steps[step], 0) / count;
  });
}
