/** Length of each head's part of one feature vector `[C]`. */
export function headNorms(vector: Float32Array, heads: number): Float64Array {
  const size = vector.length / heads;
  return Float64Array.from({ length: heads }, (_, k) => {
    let sum = 0;
    for (let c = k * size; c < (k + 1) * size; c++) sum += vector[c] * vector[c];
    return Math.sqrt(sum);
  });
}

/** Length of each head's longest part over all cells of image features `[C, h, w]`. */
export function longestNorms(features: Float32Array, heads: number, cells: number): Float64Array {
  const size = features.length / cells / heads;
  const sums = new Float32Array(cells);
  return Float64Array.from({ length: heads }, (_, k) => {
    sums.fill(0);
    for (let c = k * size; c < (k + 1) * size; c++) {
      const row = c * cells;
      for (let i = 0; i < cells; i++) sums[i] += features[row + i] * features[row + i];
    }
    let longest = 0;
    for (const sum of sums) if (sum > longest) longest = sum;
    return Math.sqrt(longest);
  });
}
