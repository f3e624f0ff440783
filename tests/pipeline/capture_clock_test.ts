import assert from "node:assert/strict";
import fc from "fast-check";
import { CaptureClock } from "../../src/pipeline/capture_clock.ts";

const MS = 1_000_000n;

/** A capture clock between a wall clock and a monotonic clock that a test turns. */
function clocks() {
  const hands = {
    wallNs: 1_000_000n * MS,
    monotonicMs: 50,
    /** Time that passes while the wall clock is read, ms. */
    interruptionMs: 0,
    pass(ms: number) {
      hands.wallNs += BigInt(Math.round(ms * 1e6));
      hands.monotonicMs += ms;
    },
  };
  const read = () => {
    hands.pass(hands.interruptionMs);
    return hands.wallNs;
  };
  const clock = new CaptureClock(999_000n * MS, read, () => hands.monotonicMs);
  return { hands, clock };
}

/** How far the time stamp of what is captured now is behind the wall clock, ms. */
function behindMs({ hands, clock }: ReturnType<typeof clocks>): number {
  return Number(hands.wallNs - clock.epochNs(clock.nowNs)) / 1e6;
}

Deno.test("running time and epoch time are tied as the capture says", () => {
  const { hands, clock } = clocks();
  assert.equal(clock.nowNs, 1e9);
  assert.equal(clock.epochNs(1e9), 1_000_000n * MS);
  hands.pass(1000);
  assert.equal(clock.follow(), 0);
  assert.equal(clock.nowNs, 2e9);
  assert.equal(clock.epochNs(2e9), 1_001_000n * MS);
});

Deno.test("a wall clock that is set is followed at once, by steps of 10 ms to years, both ways", () => {
  for (const stepMs of [10, -10, 30, -30, 100, 249, -249, 250, 3_600_000, -1e9]) {
    const both = clocks();
    const { hands, clock } = both;
    hands.pass(1000);
    hands.wallNs += BigInt(stepMs) * MS;
    assert.equal(clock.follow(), stepMs / 1000);
    assert.equal(behindMs(both), 0);
    assert.equal(clock.nowNs, 2e9, "running time never jumps");
    assert.equal(clock.follow(), 0);
  }
});

Deno.test("noise of the readings does not reach time stamps", () => {
  const { hands, clock } = clocks();
  for (let i = 0; i < 1000; i++) {
    hands.pass(100);
    const noise = BigInt(Math.round(1e6 * Math.sin(i * i)));
    hands.wallNs += noise;
    assert.equal(clock.follow(), 0);
    hands.wallNs -= noise;
    assert.equal(clock.epochNs(0), 999_000n * MS);
  }
});

Deno.test("a reading that is interrupted between the two clocks is not used", () => {
  const { hands, clock } = clocks();
  hands.pass(100);
  hands.interruptionMs = 40;
  assert.equal(clock.follow(), 0);
  hands.interruptionMs = 0;
  assert.equal(clock.follow(), 0);
  assert.equal(clock.epochNs(0), 999_000n * MS);
});

Deno.test("slow drift up to 500 ppm is followed within 3 ms, without a step", () => {
  for (const ppm of [-450, -20, 20, 450]) {
    const both = clocks();
    for (let i = 0; i < 36_000; i++) {
      both.hands.pass(100);
      both.hands.wallNs += BigInt(ppm * 100);
      assert.equal(both.clock.follow(), 0);
      assert.ok(Math.abs(behindMs(both)) < 3, `${behindMs(both)} ms at ${ppm} ppm`);
    }
  }
});

Deno.test("whatever the wall clock does below a step, time stamps rise with running time", () => {
  const pauses = fc.array(
    fc.record({ ms: fc.integer({ min: 1, max: 400 }), wallMs: fc.integer({ min: -9, max: 9 }) }),
    { maxLength: 100 },
  );
  fc.assert(fc.property(pauses, (moves) => {
    const { hands, clock } = clocks();
    let last = clock.epochNs(clock.nowNs);
    for (const { ms, wallMs } of moves) {
      hands.pass(ms);
      const before = clock.epochNs(clock.nowNs);
      hands.wallNs += BigInt(wallMs) * MS;
      const step = clock.follow();
      const stamp = clock.epochNs(clock.nowNs);
      if (step === 0) {
        assert.ok(stamp > last);
        assert.ok(Math.abs(Number(stamp - before)) <= 500 * ms);
      }
      last = stamp;
    }
  }));
});

Deno.test("the system's own clocks are followed without a step", () => {
  const clock = new CaptureClock(BigInt(Date.now()) * MS);
  for (let i = 0; i < 100; i++) assert.equal(clock.follow(), 0);
});
