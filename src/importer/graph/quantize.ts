/** A weight as signed bytes with one scale per output: `w[i, o] ≈ values[i, o] · scales[o]`. */
export interface QuantizedWeight {
  readonly values: Int8Array<ArrayBuffer>;
  readonly scales: Float32Array<ArrayBuffer>;
}

/**
 * Largest magnitude of a quantized weight: all of int8's symmetric range. x86 processors without VNNI
 * would overflow on it, which sessions prevent (ort_options.ts).
 */
const LARGEST = 127;

/** Quantizes `[ins, outs]` row-major weights per output channel, symmetrically around 0. */
export function quantize(weight: Float32Array, outs: number): QuantizedWeight {
  const scales = new Float32Array(outs);
  for (let at = 0; at < weight.length; at += outs) {
    for (let o = 0; o < outs; o++) {
      const magnitude = Math.abs(weight[at + o]);
      if (magnitude > scales[o]) scales[o] = magnitude;
    }
  }
  // An output without weights keeps a scale of 1, so that nothing is divided by 0.
  for (let o = 0; o < outs; o++) scales[o] = scales[o] === 0 ? 1 : scales[o] / LARGEST;
  const values = new Int8Array(weight.length);
  for (let at = 0; at < weight.length; at += outs) {
    for (let o = 0; o < outs; o++) values[at + o] = Math.round(weight[at + o] / scales[o]);
  }
  return { values, scales };
}
