import assert from "node:assert/strict";
import { slope } from "./slope.ts";
import { soak } from "./soak.ts";

Deno.test("slope is that of the line through the points", () => {
  assert.equal(slope([[0, 3], [1, 5], [2, 7]]), 2);
  assert.equal(slope([[0, 1], [1, 0], [2, 1], [3, 0]]), -0.2);
  assert.equal(slope([[1, 7]]), 0);
});

Deno.test("a short soak: the pipeline runs, its process is measured, and each event ends", async () => {
  const { samples, events, unended, stats } = await soak({ seconds: 12, hopMs: 100, everyS: 2 });
  assert.ok(samples.length >= 2 && stats.hops.run > 0 && events > 0);
  for (const { rssMb, files, threads } of samples) {
    assert.ok(rssMb > 50 && files > 5 && threads > 2);
  }
  assert.equal(unended, 0);
});
