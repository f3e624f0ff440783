import assert from "node:assert/strict";
import { addTallies, denoTally, pytestTally } from "./tally.ts";

Deno.test("Deno's closing line", () => {
  assert.deepEqual(denoTally("a ... ok\n\nok | 52 passed | 0 failed (1s)\n\n", 0), {
    passed: 52,
    failed: 0,
  });
  assert.deepEqual(
    denoTally("FAILED | 5 passed (44 steps) | 2 failed (1 step) | 1 ignored (7s)\n", 1),
    { passed: 5, failed: 2 },
  );
});

Deno.test("pytest's closing line", () => {
  assert.deepEqual(pytestTally("....\n12 passed in 3.21s\n", 0), { passed: 12, failed: 0 });
  assert.deepEqual(pytestTally("== 1 failed, 12 passed, 2 skipped, 1 error in 3.21s ==\n", 1), {
    passed: 12,
    failed: 2,
  });
  assert.deepEqual(pytestTally("3 passed, 1 warning in 65.00s (0:01:05)\n", 0), {
    passed: 3,
    failed: 0,
  });
});

Deno.test("a runner that died, or failed without a failed test, is a failure", () => {
  assert.deepEqual(denoTally("error: Type checking failed.\n", 1), { passed: 0, failed: 1 });
  assert.deepEqual(denoTally("ok | 5 passed | 0 failed (1s)\n", 1), { passed: 5, failed: 1 });
  assert.deepEqual(denoTally("", 0), { passed: 0, failed: 1 });
  assert.deepEqual(pytestTally("no tests ran in 0.01s\n", 5), { passed: 0, failed: 1 });
});

Deno.test("sums", () => {
  assert.deepEqual(addTallies([{ passed: 1, failed: 0 }, { passed: 2, failed: 3 }]), {
    passed: 3,
    failed: 3,
  });
  assert.deepEqual(addTallies([]), { passed: 0, failed: 0 });
});
