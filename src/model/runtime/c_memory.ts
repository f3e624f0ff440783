import { cString } from "../../core/c_string.ts";

/** An array of addresses (`const char* const*` and the like); keeps a reference to the memory that they point to. */
export class PointerArray {
  readonly addresses: BigUint64Array<ArrayBuffer>;
  readonly #held: readonly unknown[];

  private constructor(pointers: readonly Deno.PointerValue[], held: readonly unknown[]) {
    this.addresses = BigUint64Array.from(pointers, (p) => Deno.UnsafePointer.value(p));
    this.#held = held;
  }

  static ofStrings(texts: readonly string[]): PointerArray {
    const strings = texts.map(cString);
    return new PointerArray(strings.map((s) => pointerTo(s)), strings);
  }

  static ofPointers(pointers: readonly Deno.PointerValue[]): PointerArray {
    return new PointerArray(pointers, pointers);
  }

  get length(): number {
    return this.#held.length;
  }
}

/**
 * The address of a view's first byte. Reading `.buffer` first moves V8's small on-heap arrays to memory that the
 * garbage collector does not move.
 */
export function pointerTo(view: ArrayBufferView): Deno.PointerValue {
  const { buffer, byteOffset } = view;
  const base = Deno.UnsafePointer.of(new Uint8Array(buffer as ArrayBuffer));
  return base === null ? null : Deno.UnsafePointer.offset(base, byteOffset);
}

/** Room for one pointer or size that C writes. */
export class Out {
  readonly cell: BigUint64Array<ArrayBuffer> = new BigUint64Array(new ArrayBuffer(8));

  get pointer(): Deno.PointerValue {
    return Deno.UnsafePointer.create(this.cell[0]);
  }

  get size(): number {
    return Number(this.cell[0]);
  }

  get int32(): number {
    return new Int32Array(this.cell.buffer)[0];
  }
}

/** The addresses in an array of C; none for null. */
export function pointersAt(list: Deno.PointerValue, count: number): Deno.PointerValue[] {
  if (list === null) return [];
  const view = new Deno.UnsafePointerView(list);
  return Array.from({ length: count }, (_, i) => view.getPointer(i * 8));
}

const held = new Set<readonly unknown[]>();

/** Awaits a nonblocking call; until it is done, keeps a reference to the memory that C reads and writes. */
export async function holding<T>(memory: readonly unknown[], call: Promise<T>): Promise<T> {
  held.add(memory);
  try {
    return await call;
  } finally {
    held.delete(memory);
  }
}
