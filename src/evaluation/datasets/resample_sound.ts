/** Zero crossings of the sinc on each side, and the share of the lower Nyquist frequency that passes. */
const CROSSINGS = 6;
const ROLLOFF = 0.99;

/**
 * Resamples with a Hann-windowed sinc: the method and defaults of torchaudio's `resample`, which the original uses, so
 * that published figures can be reproduced.
 *
 * @returns `ceil(samples.length · to / from)` samples
 */
export function resampleSound(samples: Float32Array, from: number, to: number): Float32Array {
  if (from === to) return samples;
  const divisor = greatestCommonDivisor(from, to);
  const [step, phases] = [from / divisor, to / divisor];
  const cutoff = Math.min(step, phases) * ROLLOFF;
  const reach = Math.ceil(CROSSINGS * step / cutoff);
  const kernels = Array.from({ length: phases }, (_, phase) => kernel(phase));
  const out = new Float32Array(Math.ceil(samples.length * to / from));
  for (let i = 0; i < out.length; i++) {
    const { first, weights } = kernels[i % phases];
    const start = Math.floor(i / phases) * step + first;
    let sum = 0;
    const from = Math.max(0, -start);
    const until = Math.min(weights.length, samples.length - start);
    for (let tap = from; tap < until; tap++) sum += weights[tap] * samples[start + tap];
    out[i] = sum;
  }
  return out;

  function kernel(phase: number) {
    const weights: number[] = [];
    let first: number | undefined;
    for (let offset = -reach; offset < reach + step; offset++) {
      const time = (offset / step - phase / phases) * cutoff;
      if (Math.abs(time) >= CROSSINGS) continue;
      first ??= offset;
      const window = Math.cos(time * Math.PI / CROSSINGS / 2) ** 2;
      const angle = time * Math.PI;
      weights.push((angle === 0 ? 1 : Math.sin(angle) / angle) * window * cutoff / step);
    }
    return { first: first ?? 0, weights };
  }
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
