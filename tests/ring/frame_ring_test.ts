import assert from "node:assert/strict";
import fc from "fast-check";
import { FrameRing } from "../../src/ring/frame_ring.ts";

Deno.test("FrameRing finds the frame nearest in time", () => {
  const ring = new FrameRing(3, 2);
  assert.equal(ring.nearest(0), undefined);
  assert.equal(ring.newestNs, -Infinity);
  for (const pts of [100, 200, 300]) ring.write(new Uint8Array([pts / 100, 7]), pts);
  assert.equal(ring.nearest(0)!.ptsNs, 100);
  assert.equal(ring.nearest(150)!.ptsNs, 100);
  assert.equal(ring.nearest(151)!.ptsNs, 200);
  assert.deepEqual([...ring.nearest(1e9)!.data], [3, 7]);
  assert.equal(ring.newestNs, 300);
});

Deno.test("FrameRing overwrites the oldest frame and counts unread ones", () => {
  const ring = new FrameRing(2, 1);
  for (const pts of [1, 2, 3, 4]) ring.write(new Uint8Array([pts]), pts);
  assert.equal(ring.overwritten, 2);
  assert.equal(ring.length, 2);
  assert.equal(ring.nearest(0)!.ptsNs, 3);
  ring.nearest(4);
  ring.write(new Uint8Array([5]), 5);
  ring.write(new Uint8Array([6]), 6);
  assert.equal(ring.overwritten, 2);
});

Deno.test("FrameRing forgets frames that are nearest to no later time", () => {
  const times = fc.uniqueArray(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 40 });
  const from = fc.integer({ min: -50, max: 1050 });
  fc.assert(fc.property(times, from, fc.nat({ max: 500 }), (pts, fromNs, later) => {
    pts.sort((a, b) => a - b);
    const [all, some] = [new FrameRing(8, 1), new FrameRing(8, 1)];
    for (const ring of [all, some]) for (const time of pts) ring.write(new Uint8Array(1), time);
    some.forget(fromNs);
    assert.equal(some.newestNs, all.newestNs);
    assert.equal(some.nearest(fromNs + later)!.ptsNs, all.nearest(fromNs + later)!.ptsNs);
    assert.ok(some.length <= 1 + pts.filter((time) => time > fromNs).length);
    assert.equal(some.overwritten, all.overwritten);
  }));
});

Deno.test("FrameRing rejects frames out of order or of another size", () => {
  const ring = new FrameRing(2, 1);
  ring.write(new Uint8Array(1), 10);
  ring.write(new Uint8Array(1), 10);
  assert.equal(ring.rejected, 1);
  assert.equal(ring.length, 1);
  assert.throws(() => ring.write(new Uint8Array(2), 11), /must have 1 bytes, got 2/);
});

Deno.test("FrameRing agrees with a search through all frames it still holds", () => {
  const times = fc.uniqueArray(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 40 });
  fc.assert(fc.property(times, fc.integer({ min: -50, max: 1050 }), (pts, wanted) => {
    pts.sort((a, b) => a - b);
    const ring = new FrameRing(8, 1);
    for (const time of pts) ring.write(new Uint8Array([time % 251]), time);
    const held = pts.slice(-8);
    const least = Math.min(...held.map((time) => Math.abs(time - wanted)));
    const found = ring.nearest(wanted)!;
    assert.equal(found.ptsNs, held.find((time) => Math.abs(time - wanted) === least));
    assert.equal(found.data[0], found.ptsNs % 251);
  }));
});

Deno.test("FrameRing releases each frame that it holds once, when it is dropped", () => {
  const times = fc.array(fc.tuple(fc.nat({ max: 100 }), fc.integer({ min: -20, max: 100 })));
  fc.assert(fc.property(times, (steps) => {
    const ring = new FrameRing(3, 1);
    const released = new Map<number, number>();
    for (const [number, [ptsNs, fromNs]] of steps.entries()) {
      const release = () => released.set(number, (released.get(number) ?? 0) + 1);
      ring.hold({ ptsNs, data: new Uint8Array(1), release });
      ring.forget(fromNs);
      assert.equal(released.size, number + 1 - ring.length);
    }
    ring.clear();
    assert.deepEqual([...released.values()], steps.map(() => 1));
  }));
});
