/** A picture without the padding that GStreamer adds to each row (to a multiple of 4 bytes). */
export function packRows(
  data: Uint8Array<ArrayBuffer>,
  rowBytes: number,
  height: number,
): Uint8Array<ArrayBuffer> {
  if (data.length === rowBytes * height) return data;
  const stride = (rowBytes + 3) & ~3;
  const packed = new Uint8Array(rowBytes * height);
  for (let row = 0; row < height; row++) {
    packed.set(data.subarray(row * stride, row * stride + rowBytes), row * rowBytes);
  }
  return packed;
}
