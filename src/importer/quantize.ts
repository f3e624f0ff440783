/** A weight as signed bytes with one scale an output: `w[i, o] ≈ values[i, o] · scales[o]`. */
export interface QuantizedWeight {
  readonly values: Int8Array<ArrayBuffer>;
  readonly scales: Float32Array<ArrayBuffer>;
}

/**
 * Largest magnitude of a quantised weight. 7 bits, not 8: x86 without VNNI adds pairs of
 * uint8 × int8 products in saturating 16 bits, and 2 · 255 · 64 is the most that fits.
 */
const LARGEST = 64;

/** Quantises `[ins, outs]` row-major weights per output channel, symmetrically around 0. */
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
