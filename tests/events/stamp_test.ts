import assert from "node:assert/strict";
import fc from "fast-check";
import { nsFromStamp, secondsFromNs, stampFromNs } from "../../src/events/stamp.ts";

const epochNs = fc.bigInt({ min: -(2n ** 62n), max: 2n ** 63n });

Deno.test("a stamp holds epoch nanoseconds exactly", () => {
  fc.assert(fc.property(epochNs, (ns) => {
    const stamp = stampFromNs(ns);
    assert.equal(nsFromStamp(stamp), ns);
    assert.ok(Number.isInteger(stamp.nanosec) && stamp.nanosec >= 0 && stamp.nanosec < 1e9);
  }));
});

Deno.test("before the epoch nanoseconds count up from a negative second", () => {
  assert.deepEqual(stampFromNs(-1n), { sec: -1, nanosec: 999_999_999 });
  assert.deepEqual(stampFromNs(1_763_812_801_234_567_891n), {
    sec: 1_763_812_801,
    nanosec: 234_567_891,
  });
});

Deno.test("epoch seconds are exact to the microsecond", () => {
  assert.equal(secondsFromNs(1_763_812_801_234_567_000n), 1763812801.234567);
  assert.equal(secondsFromNs(-500_000_000n), -0.5);
});
