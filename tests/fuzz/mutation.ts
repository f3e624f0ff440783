import fc from "fast-check";

/** One change of a file: at a share of its length. */
interface Edit {
  readonly at: number;
  readonly kind: "flip" | "insert" | "delete" | "repeat" | "cut" | "number";
  readonly bytes: Uint8Array;
}

/** Values at which sizes and counts go wrong. */
const NUMBERS = [0, 1, 0x7f, 0x80, 0xff, 0x7fffffff, 0x80000000, 0xffffffff];

const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  kind: fc.constantFrom("flip", "insert", "delete", "repeat", "cut", "number"),
  bytes: fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 16 }),
    fc.constantFrom(...NUMBERS).map((value) => new Uint8Array(new Uint32Array([value]).buffer)),
  ),
});

/** Files that are a few edits away from `content`. */
export function mutated(content: Uint8Array): fc.Arbitrary<Uint8Array<ArrayBuffer>> {
  return fc.array(edit, { minLength: 1, maxLength: 6 }).map((edits) =>
    edits.reduce(apply, Uint8Array.from(content))
  );
}

/** The number of cases, and a seed that makes them the same in each run. */
export function cases(few: number): { readonly numRuns: number; readonly seed: number } {
  return { numRuns: Number(Deno.env.get("FUZZ_CASES") ?? few), seed: 20251125 };
}

function apply(content: Uint8Array<ArrayBuffer>, { at, kind, bytes }: Edit) {
  const place = Math.floor(at * content.length);
  const [before, after] = [content.subarray(0, place), content.subarray(place)];
  switch (kind) {
    case "flip":
      return joined(
        before,
        after.subarray(0, 1).map((value) => value ^ bytes[0]),
        after.subarray(1),
      );
    case "insert":
      return joined(before, bytes, after);
    case "delete":
      return joined(before, after.subarray(bytes[0]));
    case "repeat":
      return joined(before, after.subarray(0, bytes[0]), after);
    case "cut":
      return joined(before);
    case "number":
      return joined(before, bytes, after.subarray(bytes.length));
  }
}

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
