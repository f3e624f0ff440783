import assert from "node:assert/strict";
import { FAULTS } from "./faults.ts";
import { runFaults } from "./run_faults.ts";

Deno.test("each quick kind of fault once: nothing is lost, order is kept, every event ends", async () => {
  const kinds = FAULTS.filter(({ slow }) => !slow);
  const report = await runFaults({
    seed: 1,
    faults: kinds.length,
    lastsMs: 400,
    everyMs: 20,
    kinds,
  });
  for (const { pipeline, lost, outOfOrder, unended, received, published } of report.deliveries) {
    assert.deepEqual({ pipeline, lost, outOfOrder, unended }, {
      pipeline,
      lost: 0,
      outOfOrder: 0,
      unended: 0,
    });
    assert.ok(published > 20 && received >= published, `${pipeline}: ${received} of ${published}`);
  }
});
