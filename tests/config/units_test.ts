import assert from "node:assert/strict";
import fc from "fast-check";
import { angleSchema, durationSchema, levelSchema } from "../../src/config/units.ts";

Deno.test("durations", () => {
  const cases = { "250ms": 0.25, "2s": 2, "1.5s": 1.5, "5m": 300, "1h": 3600, "0ms": 0 };
  for (const [text, seconds] of Object.entries(cases)) {
    assert.equal(durationSchema.parse(text), seconds);
  }
  for (const text of ["2", "2 s", "-1s", "s", "1sec", "1e3ms", ""]) {
    assert.ok(!durationSchema.safeParse(text).success, text);
  }
});

Deno.test("a duration written out and read again is the same to the microsecond", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 100_000_000 }), (ms) => {
    const seconds = ms / 1000;
    const again = durationSchema.parse(durationSchema.encode(seconds));
    assert.ok(Math.abs(again - seconds) < 1e-6, `${seconds} became ${again}`);
  }));
  assert.equal(durationSchema.encode(0.2), "200ms");
  assert.equal(durationSchema.encode(90), "90s");
  assert.equal(durationSchema.encode(300), "5m");
});

Deno.test("levels and angles", () => {
  assert.equal(levelSchema.parse("-55dBFS"), -55);
  assert.equal(levelSchema.parse("-3.5 dBFS"), -3.5);
  assert.equal(levelSchema.encode(-55), "-55dBFS");
  assert.equal(angleSchema.parse("180deg"), Math.PI);
  assert.equal(angleSchema.parse("1.5rad"), 1.5);
  assert.equal(angleSchema.encode(Math.PI / 4), "45deg");
  assert.ok(!levelSchema.safeParse("-55dB").success);
  assert.ok(!angleSchema.safeParse("78").success);
});
