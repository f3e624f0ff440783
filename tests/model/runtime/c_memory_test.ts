import assert from "node:assert/strict";
import { cString, readCString } from "../../../src/core/c_string.ts";
import { holding, Out, PointerArray, pointerTo } from "../../../src/model/runtime/c_memory.ts";

Deno.test("strings are passed to C and read back", () => {
  for (const text of ["", "frames", "Grüße, 音"]) {
    const bytes = cString(text);
    assert.equal(bytes.at(-1), 0);
    assert.equal(readCString(pointerTo(bytes)), text);
  }
  assert.equal(readCString(null), "");
});

Deno.test("an address is that of a view's first byte, in shared memory too", () => {
  for (const buffer of [new ArrayBuffer(64), new SharedArrayBuffer(64)]) {
    const bytes = new Uint8Array(buffer).map((_, i) => i);
    new Uint8Array(buffer).set(bytes);
    const view = new Float32Array(buffer, 8, 2);
    const seen = new Deno.UnsafePointerView(pointerTo(view)!);
    assert.deepEqual([0, 1, 2, 3].map((i) => seen.getUint8(i)), [8, 9, 10, 11]);
  }
});

Deno.test("an array of strings holds their addresses", () => {
  const texts = ["x", "", "a longer name than V8 keeps on its heap".repeat(9)];
  const array = PointerArray.ofStrings(texts);
  assert.equal(array.length, 3);
  const read = Array.from(
    array.addresses,
    (address) => readCString(Deno.UnsafePointer.create(address)),
  );
  assert.deepEqual(read, texts);
});

Deno.test("values that C writes are read back", () => {
  const out = new Out();
  assert.equal(out.pointer, null);
  out.cell[0] = 0xffff_ffff_0000_0007n;
  assert.equal(out.int32, 7);
  out.cell[0] = 12n;
  assert.equal(out.size, 12);
});

Deno.test("memory is released when a call fails", async () => {
  await assert.rejects(holding([new Uint8Array(1)], Promise.reject(new Error("lost"))), /lost/);
  assert.equal(await holding([], Promise.resolve(3)), 3);
});
