import assert from "node:assert/strict";
import { CaptureClock } from "../../src/pipeline/capture_clock.ts";

Deno.test("CaptureClock ignores jitter of the wall clock and follows when it is set", () => {
  let wallNs = 1_000_000_000_000n;
  let monotonicMs = 50;
  const clock = new CaptureClock(999_000_000_000n, () => wallNs, () => monotonicMs);
  assert.equal(clock.nowNs, 1e9);
  assert.equal(clock.epochNs(1e9), 1_000_000_000_000n);
  monotonicMs += 1000;
  wallNs += 1_030_000_000n;
  assert.equal(clock.follow(), 0);
  assert.equal(clock.epochNs(2e9), 1_001_000_000_000n);
  wallNs += 3_600_000_000_000n;
  assert.equal(clock.follow(), 3600.03);
  assert.equal(clock.nowNs, 2e9);
  assert.equal(clock.epochNs(2e9), wallNs);
  assert.equal(clock.follow(), 0);
});
