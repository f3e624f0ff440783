import { ModelError } from "../manifest.ts";
import type { Tensor, TensorInfo } from "./session.ts";

const ARRAYS = { uint8: Uint8Array, float32: Float32Array, int64: BigInt64Array } as const;

/**
 * Checks the inputs of a run: all but optional ones present and no other, element types, ranks, the axes that the model fixes, and the
 * number of elements.
 *
 * @throws {ModelError} naming the model and the input.
 */
export function checkFeeds(
  model: string,
  inputs: readonly TensorInfo[],
  feeds: Readonly<Record<string, Tensor>>,
  optional: readonly TensorInfo[] = [],
): void {
  const fault = (what: string) => new ModelError(`Cannot run ${model}: ${what}`);
  const known = [...inputs, ...optional];
  for (const name of Object.keys(feeds)) {
    if (!known.some((input) => input.name === name)) {
      const names = known.map((input) => input.name).join(", ");
      throw fault(`inputs must be ${names}, got ${name}`);
    }
  }
  for (const { name, type, dims } of known) {
    const tensor = feeds[name];
    if (tensor === undefined) {
      if (optional.some((input) => input.name === name)) continue;
      throw fault(`input ${name} must be given`);
    }
    if (tensor.type !== type || !(tensor.data instanceof ARRAYS[type])) {
      const got = tensor.type === type ? tensor.data?.constructor?.name : tensor.type;
      throw fault(`input ${name} must be ${type}, got ${got}`);
    }
    if (!fits(tensor.dims, dims)) {
      throw fault(`input ${name} must be ${shapeText(dims)}, got ${shapeText(tensor.dims)}`);
    }
    const size = tensor.dims.reduce((product, n) => product * n, 1);
    if (tensor.data.length !== size) {
      throw fault(
        `input ${name} of ${
          shapeText(tensor.dims)
        } must hold ${size} values, got ${tensor.data.length}`,
      );
    }
  }
}

/** Whether `dims` are integers of at least 1, and equal to `wanted` wherever that is not -1. */
export function fits(dims: readonly number[], wanted: readonly number[]): boolean {
  return dims.length === wanted.length &&
    dims.every((n, axis) =>
      Number.isInteger(n) && n >= 1 && (wanted[axis] === -1 || wanted[axis] === n)
    );
}

/** `[1, ?, 128]`. */
export function shapeText(dims: readonly number[]): string {
  return `[${dims.map((n) => n === -1 ? "?" : n).join(", ")}]`;
}
