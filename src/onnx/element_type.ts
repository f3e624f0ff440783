/** Element types of ONNX tensors that Whence writes or reads. */
export type ElementType =
  | "float32"
  | "uint8"
  | "int8"
  | "int32"
  | "int64"
  | "bool"
  | "float16"
  | "float64";

interface Facts {
  /** `TensorProto.DataType` in onnx.proto. */
  readonly code: number;
  readonly bytes: number;
}

const FACTS: Readonly<Record<ElementType, Facts>> = {
  float32: { code: 1, bytes: 4 },
  uint8: { code: 2, bytes: 1 },
  int8: { code: 3, bytes: 1 },
  int32: { code: 6, bytes: 4 },
  int64: { code: 7, bytes: 8 },
  bool: { code: 9, bytes: 1 },
  float16: { code: 10, bytes: 2 },
  float64: { code: 11, bytes: 8 },
};

/** The code of `type` in an ONNX file. */
export function elementCode(type: ElementType): number {
  return FACTS[type].code;
}

/** Bytes of one element. */
export function elementBytes(type: ElementType): number {
  return FACTS[type].bytes;
}

/** The type with this code, or undefined for one that Whence does not use. */
export function elementTypeOf(code: number): ElementType | undefined {
  return (Object.keys(FACTS) as ElementType[]).find((type) => FACTS[type].code === code);
}
