import assert from "node:assert/strict";
import fc from "fast-check";
import { eventSchema } from "../../src/events/event.ts";
import { eventId } from "../../src/events/event_id.ts";

Deno.test("an id is the onset to the millisecond and 6 random characters", () => {
  fc.assert(fc.property(fc.bigInt({ min: 0n, max: 2n ** 62n }), (ns) => {
    const id = eventId(ns);
    assert.ok(eventSchema.shape.id.safeParse(id).success, id);
    const [seconds, milliseconds] = id.split("-")[0].split(".");
    assert.equal(BigInt(seconds) * 1000n + BigInt(milliseconds), ns / 1_000_000n);
  }));
});

Deno.test("ids of one onset differ and use the whole alphabet", () => {
  const ids = Array.from({ length: 2_000 }, () => eventId(5n));
  assert.equal(new Set(ids).size, ids.length);
  const used = new Set(ids.flatMap((id) => [...id.split("-")[1]]));
  assert.equal([...used].sort().join(""), "0123456789abcdefghijklmnopqrstuvwxyz");
});

Deno.test("an onset before the epoch has no id", () => {
  assert.throws(
    () => eventId(-1n),
    /Cannot name an event: onset must not be before 1970, got -1 ns/,
  );
});
