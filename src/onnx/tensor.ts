import { elementBytes, type ElementType } from "./element_type.ts";

/** Bytes that are produced when they are written, so that a large model is never in memory as a whole. */
export interface LazyBytes {
  readonly byteLength: number;
  /** Called once each time the model is written; must return exactly `byteLength` bytes. */
  read(): Uint8Array;
}

/** A constant: row-major, little-endian. */
export interface TensorData {
  readonly type: ElementType;
  readonly dims: readonly number[];
  readonly data: ArrayBufferView | LazyBytes;
}

/** Number of elements of a tensor of these dimensions; 1 for a scalar. */
export function elementCount(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

/** A small `int64` tensor, such as a shape. A plain number makes a scalar. */
export function int64s(values: number | readonly number[]): TensorData {
  const list = typeof values === "number" ? [values] : values;
  return {
    type: "int64",
    dims: typeof values === "number" ? [] : [list.length],
    data: BigInt64Array.from(list, BigInt),
  };
}

/** A `float32` tensor; a plain number makes a scalar. */
export function float32s(
  values: number | ArrayLike<number>,
  dims: readonly number[] = typeof values === "number" ? [] : [values.length],
): TensorData {
  const data = typeof values === "number"
    ? Float32Array.of(values)
    : values instanceof Float32Array
    ? values
    : Float32Array.from(values);
  return { type: "float32", dims, data };
}

/**
 * Checks that a tensor's bytes fit its dimensions.
 *
 * @throws {RangeError} naming the tensor, the expected and the actual number of bytes.
 */
export function checkTensor(name: string, tensor: TensorData): void {
  if (tensor.dims.some((dim) => !Number.isSafeInteger(dim) || dim < 0)) {
    throw new RangeError(
      `Cannot add tensor ${name}: dimensions must be integers of at least 0, got [${tensor.dims}]`,
    );
  }
  const wanted = elementCount(tensor.dims) * elementBytes(tensor.type);
  if (tensor.data.byteLength !== wanted) {
    throw new RangeError(
      `Cannot add tensor ${name}: ${tensor.type} [${tensor.dims}] must have ${wanted} bytes, got ${tensor.data.byteLength}`,
    );
  }
}

/** The tensor's bytes; lazy ones are read now. */
export function bytesOf(tensor: TensorData): Uint8Array {
  const { data } = tensor;
  if (ArrayBuffer.isView(data)) {
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  }
  const bytes = data.read();
  if (bytes.byteLength !== data.byteLength) {
    throw new RangeError(
      `Cannot write a tensor: its source must return ${data.byteLength} bytes, got ${bytes.byteLength}`,
    );
  }
  return bytes;
}
