import assert from "node:assert/strict";
import fc from "fast-check";
import { checkFeeds, fits, shapeText } from "../../../src/model/runtime/feeds.ts";

const axis = fc.integer({ min: 1, max: 5 });
const shapes = fc.array(fc.record({ size: axis, open: fc.boolean() }), { maxLength: 4 });

Deno.test("a tensor fits with any size of the dynamic axes", () => {
  fc.assert(fc.property(shapes, (axes) => {
    const dims = axes.map(({ size }) => size);
    const wanted = axes.map(({ size, open }) => open ? -1 : size);
    const size = dims.reduce((product, n) => product * n, 1);
    const x = { type: "float32", dims, data: new Float32Array(size) } as const;
    const inputs = [{ name: "x", type: "float32", dims: wanted }] as const;
    assert.ok(fits(dims, wanted));
    checkFeeds("m", inputs, { x });
    const longer = { ...x, data: new Float32Array(size + 1) };
    assert.throws(() => checkFeeds("m", inputs, { x: longer }), /must hold/);
    assert.throws(() => checkFeeds("m", inputs, { x: { ...x, dims: [...dims, 1] } }), /must be/);
  }));
});

Deno.test("one fixed axis of another size does not fit, nor do sizes that are no counts", () => {
  fc.assert(fc.property(fc.array(axis, { minLength: 1 }), fc.nat(), (dims, seed) => {
    const wrong = dims.with(seed % dims.length, dims[seed % dims.length] + 1);
    assert.ok(!fits(wrong, dims));
  }));
  for (const size of [0, -1, 1.5, NaN, Infinity]) assert.ok(!fits([size], [-1]));
});

Deno.test("a shape is written with ? for an open axis", () => {
  assert.equal(shapeText([-1, 128, 3]), "[?, 128, 3]");
  assert.equal(shapeText([]), "[]");
});
