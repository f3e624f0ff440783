import assert from "node:assert/strict";
import { scorePairs } from "../../../src/evaluation/metrics/aggregation.ts";
import { disentanglement } from "../../../src/evaluation/metrics/disentanglement.ts";
import { assertClose, features, golden, rows } from "../golden.ts";

for (const run of ["dis0", "dis1"]) {
  Deno.test(`disentanglement equals the original's (${run})`, () => {
    const scores = ["words", "sounds"].map((set) => {
      const name = `${run}_${set}`;
      const flat = scorePairs(
        features(`${name}_audio_feats`),
        features(`${name}_image_feats`),
        rows(golden(`${name}_audio_mask`)),
        { heads: 2 },
      );
      assertClose(flat, golden(`${name}_scores`).data, name);
      return rows({ dims: golden(`${name}_scores`).dims, data: flat });
    });
    const result = disentanglement(scores[0], scores[1]);
    assert.ok(result);
    assertClose([result.apDis, result.actDis], golden(`${run}_out`).data);
  });
}

Deno.test("heads that separate words and sounds perfectly score 1, others about a half", () => {
  const apart = disentanglement([[9, 1], [8, 1]], [[2, 7], [2, 6]]);
  assert.equal(apart?.apDis, 1);
  assert.ok(apart.actDis > 0.9);
  const alike = disentanglement([[1, 1], [2, 2]], [[1, 1], [2, 2]]);
  assert.ok(alike && Math.abs(alike.apDis - 0.5) < 0.1 && Math.abs(alike.actDis - 0.5) < 0.1);
});

Deno.test("a third, inactive head changes nothing", () => {
  const two = disentanglement([[9, 1], [8, 1]], [[2, 7], [2, 6]]);
  const three = disentanglement([[9, 5, 1], [8, 5, 1]], [[2, 5, 7], [2, 5, 6]]);
  assert.equal(three?.apDis, two?.apDis);
});

Deno.test("one head or one set has no disentanglement", () => {
  assert.equal(disentanglement([[1]], [[2]]), undefined);
  assert.equal(disentanglement([[1, 2]], []), undefined);
  assert.equal(disentanglement([], [[1, 2]]), undefined);
});

Deno.test("one head cannot be used for both words and sounds", () => {
  const result = disentanglement([[0, 1], [0, 1], [0, 1]], [[0, 1], [0, 1], [1, 0]]);
  assert.ok(result && Math.abs(result.actDis - (1 + 1 / 3) / 2) < 1e-6);
});
