import type { TensorData } from "../../onnx/tensor.ts";

/** A lazy constant: read and converted only when the model is written. */
export function floats(
  type: "float32" | "float16",
  dims: readonly number[],
  read: () => Float32Array<ArrayBuffer>,
): TensorData {
  const count = dims.reduce((a, b) => a * b, 1);
  return {
    type,
    dims,
    data: {
      byteLength: count * (type === "float16" ? 2 : 4),
      read: () => {
        const values = read();
        return new Uint8Array(type === "float16" ? toHalf(values).buffer : values.buffer);
      },
    },
  };
}

const HALF_MAX = 65504;

/** Rounds to float16; values out of its range become its largest value, not infinity. */
function toHalf(values: Float32Array): Float16Array<ArrayBuffer> {
  const result = new Float16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    result[i] = Math.min(Math.max(values[i], -HALF_MAX), HALF_MAX);
  }
  return result;
}
