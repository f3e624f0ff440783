import assert from "node:assert/strict";
import fc from "fast-check";
import { AudioRing } from "../../src/ring/audio_ring.ts";

const ramp = (from: number, count: number) =>
  Float32Array.from({ length: count }, (_, i) => from + i);

Deno.test("AudioRing reads the samples that end at an index", () => {
  const ring = new AudioRing(1000, 0.01);
  ring.write(ramp(1, 6), 0);
  const out = new Float32Array(4);
  assert.equal(ring.read(6, out), 4);
  assert.deepEqual([...out], [3, 4, 5, 6]);
  ring.write(ramp(7, 6), 6e6);
  assert.equal(ring.end, 12);
  assert.equal(ring.endNs, 12e6);
  const all = new Float32Array(12);
  assert.equal(ring.read(12, all), 10);
  assert.deepEqual([...all], [0, 0, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
});

Deno.test("AudioRing keeps a stream's start time and fills gaps with zeros", () => {
  const ring = new AudioRing(1000, 1);
  ring.write(ramp(1, 20), 500e6);
  ring.write(ramp(21, 5), 550e6);
  assert.equal(ring.begin, 500);
  assert.equal(ring.end, 555);
  assert.equal(ring.missing, 30);
  const out = new Float32Array(60);
  assert.equal(ring.read(555, out), 55);
  assert.deepEqual([...out.subarray(0, 6)], [0, 0, 0, 0, 0, 1]);
  assert.deepEqual([...out.subarray(24, 26)], [20, 0]);
  assert.deepEqual([...out.subarray(54, 56)], [0, 21]);
});

Deno.test("AudioRing rejects overlapping samples", () => {
  const ring = new AudioRing(1000, 1);
  ring.write(ramp(0, 100), 0);
  assert.throws(() => ring.write(ramp(0, 10), 99e6), /must start at 100 or later, got 99$/);
  ring.write(ramp(100, 100), 100e6);
  const out = new Float32Array(200);
  ring.read(200, out);
  assert.deepEqual(out, ramp(0, 200));
  assert.equal(ring.missing, 0);
});

Deno.test("AudioRing counts samples overwritten unread", () => {
  const ring = new AudioRing(1000, 0.1);
  ring.write(ramp(0, 100), 0);
  ring.read(60, new Float32Array(10));
  ring.write(ramp(100, 80), 100e6);
  assert.equal(ring.overwritten, 20);
  ring.write(ramp(180, 500), 180e6);
  assert.equal(ring.overwritten, 120 + 400);
});

Deno.test("AudioRing agrees with an unbounded recording", () => {
  const writes = fc.array(
    fc.record({ gap: fc.constantFrom(0, 0, 0, 30, 200), count: fc.integer({ min: 0, max: 90 }) }),
    { minLength: 1, maxLength: 30 },
  );
  fc.assert(fc.property(writes, fc.integer({ min: 1, max: 120 }), (steps, length) => {
    const ring = new AudioRing(1000, 0.07);
    const recording = new Map<number, number>();
    let at = 0;
    for (const { gap, count } of steps) {
      at += gap;
      const samples = ramp(at + 1, count);
      samples.forEach((value, i) => recording.set(at + i, value));
      ring.write(samples, at * 1e6);
      at += count;
    }
    const out = new Float32Array(length);
    ring.read(ring.end, out);
    for (let i = 0; i < length; i++) {
      const index = ring.end - length + i;
      const expected = index >= ring.end - ring.capacity ? recording.get(index) ?? 0 : 0;
      assert.equal(out[i], expected);
    }
  }));
});
