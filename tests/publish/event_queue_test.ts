import assert from "node:assert/strict";
import fc from "fast-check";
import { EventQueue } from "../../src/publish/event_queue.ts";

const step = fc.oneof(
  fc.constant("add" as const),
  fc.constant("take" as const),
  fc.constant("acknowledge" as const),
  fc.constant("give back" as const),
);

Deno.test("no message is lost except those counted as dropped, and order is kept", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 8 }), fc.array(step), (bound, steps) => {
    const queue = new EventQueue(bound);
    const taken: number[] = [];
    let added = 0;
    let acknowledged = 0;
    let last = -1;
    for (const what of steps) {
      if (what === "add") queue.add("t", String(added++));
      if (what === "take") {
        const message = queue.take();
        if (message) {
          assert.ok(Number(message.payload) > last, "older than the one before it");
          last = Number(message.payload);
          taken.push(message.key);
        }
      }
      if (what === "acknowledge" && taken.length > 0) {
        if (queue.acknowledge(taken.shift()!)) acknowledged++;
      }
      if (what === "give back") {
        queue.giveBack();
        taken.length = 0;
        last = -1;
      }
      assert.ok(queue.size <= bound);
      assert.equal(added, acknowledged + queue.dropped + queue.size);
    }
  }));
});

Deno.test("when full, it drops the oldest message that is not in flight", () => {
  const queue = new EventQueue(3);
  for (const payload of ["a", "b", "c"]) queue.add("t", payload);
  const first = queue.take()!;
  queue.add("t", "d");
  assert.equal(queue.dropped, 1);
  queue.giveBack();
  assert.deepEqual([queue.take(), queue.take(), queue.take()].map((m) => m?.payload), [
    "a",
    "c",
    "d",
  ]);
  assert.ok(queue.acknowledge(first.key));
  assert.ok(!queue.acknowledge(first.key));
});

Deno.test("a bound must hold at least one message", () => {
  assert.throws(() => new EventQueue(0), /bound must be an integer ≥ 1, got 0/);
});
