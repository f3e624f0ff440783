import assert from "node:assert/strict";
import fc from "fast-check";
import { DeliveryDelay } from "../../src/pipeline/delivery_delay.ts";

const RETRY_MS = 2;

/** Looks for sound that can be read after so long, as the live loop does. Gives how late it was found, and the looks. */
function look(delay: DeliveryDelay, readableMs: number): { lateMs: number; looks: number } {
  const firstMs = delay.ms;
  let atMs = firstMs;
  let looks = 1;
  for (; atMs < readableMs; looks++) atMs += RETRY_MS;
  delay.found(atMs - firstMs);
  return { lateMs: atMs - readableMs, looks };
}

Deno.test("after a few hops, audio is read soon after it arrives and with few attempts", () => {
  fc.assert(fc.property(
    fc.integer({ min: -100, max: 400 }),
    fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 100, maxLength: 100 }),
    (leastMs, jitters) => {
      const delay = new DeliveryDelay();
      const hops = jitters.map((jitterMs) => look(delay, leastMs + jitterMs));
      // What comes before its time is only approached by a millisecond a hop.
      const settled = leastMs < 0 ? [] : hops.slice(20);
      for (const { lateMs, looks } of settled) assert.ok(lateMs < 20 && looks < 10);
    },
  ));
});

Deno.test("the delay shrinks step by step when audio arrives earlier", () => {
  const delay = new DeliveryDelay();
  look(delay, 60);
  for (let hop = 0; hop < 60; hop++) look(delay, 10);
  assert.ok(look(delay, 10).lateMs <= 3);
});
