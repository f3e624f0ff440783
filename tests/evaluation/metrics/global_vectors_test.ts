import assert from "node:assert/strict";
import {
  cosine,
  globalVector,
  headProducts,
} from "../../../src/evaluation/metrics/global_vectors.ts";

const features = { items: 1, channels: 2, cells: 3, data: Float32Array.of(1, 2, 6, 0, 4, 2) };

Deno.test("a global vector is the mean over the selected cells, over all if none is selected", () => {
  assert.deepEqual([...globalVector(features)], [3, 2]);
  assert.deepEqual([...globalVector(features, [1, 1, 0])], [1.5, 2]);
  assert.deepEqual([...globalVector(features, [0, 0, 0])], [3, 2]);
});

Deno.test("products and cosine", () => {
  const [a, b] = [Float32Array.of(1, 2, 3, 4), Float32Array.of(2, 0, 1, 1)];
  assert.deepEqual(headProducts(a, b, 2), [2, 7]);
  assert.equal(cosine(a, a), 1);
  assert.equal(cosine(a, a.map((x) => -2 * x)), -1);
  assert.equal(cosine(a, new Float32Array(4)), 0);
});
