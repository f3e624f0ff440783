import assert from "node:assert/strict";
import { BuildTime } from "../../src/pipeline/build_time.ts";

Deno.test("the time left of a build follows the weights of its steps", () => {
  const steps = ["a", "b", "c"].map((part) => ({ part, action: "load" as const }));
  const weight: Record<string, number> = { a: 1, b: 3, c: 4 };
  const time = new BuildTime(steps, ({ part }) => weight[part]);
  assert.equal(time.total, 3);
  assert.equal(time.left(5), undefined);
  time.ended(steps[0], 10);
  assert.equal(time.left(0), 70);
  assert.equal(time.left(20), 50);
  assert.equal(time.left(100), 0);
  time.ended(steps[1], 50);
  assert.equal(time.left(0), 60);
  time.ended(steps[2], 1);
  assert.equal(time.finished, 3);
  assert.equal(time.left(0), 0);
});
