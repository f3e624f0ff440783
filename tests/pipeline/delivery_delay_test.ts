import assert from "node:assert/strict";
import fc from "fast-check";
import { DeliveryDelay } from "../../src/pipeline/delivery_delay.ts";

Deno.test("the delay settles near the smallest age, whenever the sound is read", () => {
  fc.assert(fc.property(
    fc.integer({ min: 0, max: 500 }),
    fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 200, maxLength: 200 }),
    (leastMs, waits) => {
      const delay = new DeliveryDelay();
      for (const [at, waitMs] of waits.entries()) {
        delay.observe(leastMs + (at % 5 === 0 ? 0 : waitMs));
        assert.ok(delay.ms >= leastMs - 1e-9 && delay.ms <= leastMs + 20);
      }
      assert.ok(delay.ms <= leastMs + 5, `${delay.ms - leastMs}`);
    },
  ));
});

Deno.test("the delay follows a source that becomes slower", () => {
  const delay = new DeliveryDelay();
  for (let hop = 0; hop < 20; hop++) delay.observe(10);
  for (let hop = 0; hop < 200; hop++) delay.observe(110);
  assert.ok(delay.ms > 100, `${delay.ms}`);
});
