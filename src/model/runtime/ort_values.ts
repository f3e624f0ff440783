import { Out, pointerTo } from "./c_memory.ts";
import { ModelError } from "../manifest.ts";
import type { Ort } from "./ort_api.ts";
import type { Tensor, TensorInfo, TensorType } from "./session.ts";

/** `ONNXTensorElementDataType` of onnxruntime_c_api.h. */
const CODES: Record<TensorType, number> = { float32: 1, uint8: 2, int64: 7 };
const TYPES = new Map(Object.entries(CODES).map(([type, code]) => [code, type as TensorType]));

/**
 * Wraps a tensor's own memory as an `OrtValue`, without a copy: `tensor.data` must stay referenced and unchanged as
 * long as the value lives. The caller releases it.
 */
export function wrapTensor(
  ort: Ort,
  memoryInfo: Deno.PointerValue,
  tensor: Tensor,
): Deno.PointerValue {
  const shape = BigInt64Array.from(tensor.dims, BigInt);
  const value = new Out();
  ort.check(ort.api.CreateTensorWithDataAsOrtValue(
    memoryInfo,
    pointerTo(tensor.data),
    BigInt(tensor.data.byteLength),
    shape,
    BigInt(shape.length),
    CODES[tensor.type],
    value.cell,
  ));
  return value.pointer;
}

/** Copies an `OrtValue` out of ONNX Runtime's memory. */
export function readTensor(ort: Ort, value: Deno.PointerValue): Tensor {
  const out = new Out();
  ort.check(ort.api.GetTensorTypeAndShape(value, out.cell));
  const info = out.pointer;
  const { code, dims } = readShape(ort, info);
  ort.api.ReleaseTensorTypeAndShapeInfo(info);
  ort.check(ort.api.GetTensorMutableData(value, out.cell));
  const size = dims.reduce((product, n) => product * n, 1);
  const type = TYPES.get(code)!;
  const data = type === "uint8"
    ? new Uint8Array(size)
    : type === "float32"
    ? new Float32Array(size)
    : new BigInt64Array(size);
  if (size > 0) new Deno.UnsafePointerView(out.pointer!).copyInto(data);
  return { type, dims, data };
}

/**
 * The inputs or outputs of a session, or its inputs that have a default (`OverridableInitializer`).
 *
 * @throws {ModelError} when one is not a tensor of uint8, float32 or int64.
 */
export function describe(
  ort: Ort,
  allocator: Deno.PointerValue,
  session: Deno.PointerValue,
  side: "Input" | "Output" | "OverridableInitializer",
  model: string,
): TensorInfo[] {
  const out = new Out();
  ort.check(ort.api[`SessionGet${side}Count`](session, out.cell));
  return Array.from({ length: out.size }, (_, i) => {
    ort.check(ort.api[`SessionGet${side}Name`](session, BigInt(i), allocator, out.cell));
    const name = new Deno.UnsafePointerView(out.pointer!).getCString();
    ort.check(ort.api.AllocatorFree(allocator, out.pointer));
    ort.check(ort.api[`SessionGet${side}TypeInfo`](session, BigInt(i), out.cell));
    const typeInfo = out.pointer;
    try {
      ort.check(ort.api.CastTypeInfoToTensorInfo(typeInfo, out.cell));
      const { code, dims } = out.pointer === null
        ? { code: 0, dims: [] }
        : readShape(ort, out.pointer);
      const type = TYPES.get(code);
      if (type === undefined) {
        throw new ModelError(
          `Cannot load ${model}: ${side.toLowerCase()} ${name} must be a tensor of uint8, float32 or int64, ` +
            `got ONNX type ${code}`,
        );
      }
      return { name, type, dims };
    } finally {
      ort.api.ReleaseTypeInfo(typeInfo);
    }
  });
}

function readShape(ort: Ort, info: Deno.PointerValue): { code: number; dims: number[] } {
  const out = new Out();
  ort.check(ort.api.GetTensorElementType(info, out.cell));
  const code = out.int32;
  ort.check(ort.api.GetDimensionsCount(info, out.cell));
  const dims = new BigInt64Array(new ArrayBuffer(out.size * 8));
  if (dims.length > 0) ort.check(ort.api.GetDimensions(info, dims, BigInt(dims.length)));
  return { code, dims: Array.from(dims, Number) };
}
