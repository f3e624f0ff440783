import type { Checkpoint } from "../checkpoint/checkpoint.ts";

/** A stored layer that a `LinearWeight` was made from, for an independent computation. */
export interface LinearSource {
  readonly name: string;
  /** Factors of the outputs; absent when all are 1. */
  readonly scales?: Float32Array;
}

/** A linear layer's values; `read` returns `[in, out]` row-major, the layout of ONNX's MatMul. */
export interface LinearWeight {
  readonly ins: number;
  readonly outs: number;
  readonly bias: Float32Array;
  /** The layers whose outputs, side by side, are this layer's. */
  readonly sources: readonly LinearSource[];
  read(): Float32Array<ArrayBuffer>;
}

/** The layer `name` with its low-rank update merged. */
export function linearWeight(weights: Checkpoint, name: string): LinearWeight {
  const shape = weights.shape(`${name}.weight`);
  const [outs, ins] = [shape[0], shape.slice(1).reduce((a, b) => a * b, 1)];
  return {
    ins,
    outs,
    bias: weights.read(`${name}.bias`),
    sources: [{ name }],
    read: () => transpose(weights.readLinear(name), outs, ins),
  };
}

/** The convolution over time `name` as a matrix over unfolded windows: inputs run over kernel, channel. */
export function convWeight(weights: Checkpoint, name: string): LinearWeight {
  const [outs, channels, kernel] = weights.shape(`${name}.weight`);
  return {
    ins: kernel * channels,
    outs,
    bias: weights.read(`${name}.bias`),
    sources: [],
    read: () => {
      const values = weights.read(`${name}.weight`);
      const result = new Float32Array(values.length);
      for (let o = 0, at = 0; o < outs; o++) {
        for (let c = 0; c < channels; c++) {
          for (let k = 0; k < kernel; k++) result[(k * channels + c) * outs + o] = values[at++];
        }
      }
      return result;
    },
  };
}

/**
 * Multiplies the first `columns` outputs, so that queries are scaled before their products with keys.
 * The first source must have at least as many.
 */
export function scaleColumns(weight: LinearWeight, columns: number, factor: number): LinearWeight {
  return {
    ...weight,
    bias: weight.bias.map((value, i) => i < columns ? value * factor : value),
    sources: weight.sources.map((source, i) =>
      i > 0 ? source : {
        ...source,
        scales: Float32Array.from(
          { length: weight.sources.length > 1 ? columns : weight.outs },
          (_, o) => o < columns ? factor : 1,
        ),
      }
    ),
    read: () => {
      const values = weight.read();
      for (let row = 0; row < values.length; row += weight.outs) {
        for (let column = 0; column < columns; column++) values[row + column] *= factor;
      }
      return values;
    },
  };
}

/** Several layers with the same input as one layer, outputs side by side. */
export function concatColumns(parts: readonly LinearWeight[]): LinearWeight {
  const { ins } = parts[0];
  const outs = parts.reduce((sum, part) => sum + part.outs, 0);
  const bias = new Float32Array(outs);
  let at = 0;
  for (const part of parts) {
    bias.set(part.bias, at);
    at += part.outs;
  }
  return {
    ins,
    outs,
    bias,
    sources: parts.flatMap((part) => part.sources),
    read: () => {
      const values = new Float32Array(ins * outs);
      let offset = 0;
      for (const part of parts) {
        const source = part.read();
        for (let row = 0; row < ins; row++) {
          values.set(source.subarray(row * part.outs, (row + 1) * part.outs), row * outs + offset);
        }
        offset += part.outs;
      }
      return values;
    },
  };
}

/** Transposes in square blocks, which keeps both sides in cache. */
export function transpose(
  values: Float32Array,
  rows: number,
  columns: number,
): Float32Array<ArrayBuffer> {
  const BLOCK = 32;
  const result = new Float32Array(values.length);
  for (let top = 0; top < rows; top += BLOCK) {
    const bottom = Math.min(top + BLOCK, rows);
    for (let left = 0; left < columns; left += BLOCK) {
      const right = Math.min(left + BLOCK, columns);
      for (let row = top; row < bottom; row++) {
        for (let column = left; column < right; column++) {
          result[column * rows + row] = values[row * columns + column];
        }
      }
    }
  }
  return result;
}
