import assert from "node:assert/strict";
import { Rate } from "../../src/pipeline/rate.ts";

Deno.test("a rate looks back a few seconds only", () => {
  const rate = new Rate(10);
  assert.equal(rate.perSecond, 0);
  rate.mark(5, 0);
  assert.equal(rate.perSecond, 0);
  for (let second = 1; second <= 20; second++) rate.mark(5 + 4 * second, second * 1000);
  assert.equal(rate.perSecond, 4);
  for (let second = 21; second <= 30; second++) rate.mark(85, second * 1000);
  assert.equal(rate.perSecond, 0);
});
