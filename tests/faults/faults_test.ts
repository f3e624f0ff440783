import assert from "node:assert/strict";
import { FAULTS } from "./faults.ts";
import { runFaults } from "./run_faults.ts";

Deno.test("each kind of fault once: nothing is lost, order is kept, every event ends", async () => {
  const report = await runFaults({ seed: 1, faults: FAULTS.length, lastsMs: 400, everyMs: 20 });
  const { lost, outOfOrder, unended, received, published } = report;
  assert.deepEqual({ lost, outOfOrder, unended }, { lost: 0, outOfOrder: 0, unended: 0 });
  assert.ok(published > 100 && received >= published);
});
