/** A tensor of a golden file, as numbers whatever its type. */
export interface GoldenTensor {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

const readers: Record<string, (view: DataView, at: number) => number> = {
  F32: (view, at) => view.getFloat32(at, true),
  F64: (view, at) => view.getFloat64(at, true),
  I16: (view, at) => view.getInt16(at, true),
  I64: (view, at) => Number(view.getBigInt64(at, true)),
  U8: (view, at) => view.getUint8(at),
};
const bytes: Record<string, number> = { F32: 4, F64: 8, I16: 2, I64: 8, U8: 1 };

/** Reads a safetensors file: an 8-byte header length, a JSON header, the tensors (huggingface/safetensors, README). */
export function readGolden(file: URL): (name: string) => GoldenTensor {
  const content = Deno.readFileSync(file);
  const view = new DataView(content.buffer);
  const headerLength = Number(view.getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(content.subarray(8, 8 + headerLength)));
  return (name) => {
    const { dtype, shape, data_offsets: [from, to] } = header[name];
    const start = 8 + headerLength + from;
    const length = (to - from) / bytes[dtype];
    return {
      dims: shape,
      data: Float32Array.from(
        { length },
        (_, i) => readers[dtype](view, start + i * bytes[dtype]),
      ),
    };
  };
}
