const DT_NEEDED = 1n;
const DT_STRTAB = 5n;
const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const ELF_64_LITTLE_ENDIAN = 0x0102464c457f;

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

/**
 * The shared libraries that a 64-bit little-endian ELF library needs (its DT_NEEDED entries; System V ABI, chapter 5).
 * Empty for any other file.
 */
export function neededLibraries(path: string): string[] {
  using file = Deno.openSync(path);
  const read = (offset: number, size: number) => {
    file.seekSync(offset, Deno.SeekMode.Start);
    const bytes = new Uint8Array(size);
    const count = file.readSync(bytes) ?? 0;
    return new DataView(bytes.buffer, 0, count);
  };
  const header = read(0, 64);
  if (header.byteLength < 64) return [];
  if (Number(header.getBigUint64(0, true) & 0xffffffffffffn) !== ELF_64_LITTLE_ENDIAN) return [];
  const segments = readSegments(
    read(Number(header.getBigUint64(32, true)), header.getUint16(56, true) * 56),
  );
  const dynamic = segments.find((segment) => segment.type === PT_DYNAMIC);
  if (!dynamic) return [];
  const entries = readDynamic(read(dynamic.offset, dynamic.size));
  const address = entries.find(([tag]) => tag === DT_STRTAB)?.[1] ?? 0;
  const load = segments.find(({ type, address: start, size }) =>
    type === PT_LOAD && start <= address && address < start + size
  );
  if (!load) return [];
  const strings = address - load.address + load.offset;
  return entries
    .filter(([tag]) => tag === DT_NEEDED)
    .map(([, at]) => text(read(strings + at, 256)));
}

function readSegments(table: DataView): Segment[] {
  return Array.from({ length: Math.floor(table.byteLength / 56) }, (_, i) => ({
    type: table.getUint32(i * 56, true),
    offset: Number(table.getBigUint64(i * 56 + 8, true)),
    address: Number(table.getBigUint64(i * 56 + 16, true)),
    size: Number(table.getBigUint64(i * 56 + 32, true)),
  }));
}

function readDynamic(table: DataView): [tag: bigint, value: number][] {
  return Array.from({ length: Math.floor(table.byteLength / 16) }, (_, i) => [
    table.getBigInt64(i * 16, true),
    Number(table.getBigUint64(i * 16 + 8, true)),
  ]);
}

function text(view: DataView): string {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
}
