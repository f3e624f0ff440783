import assert from "node:assert/strict";
import fc from "fast-check";
import { AudioTimeline } from "../../src/capture/audio_timeline.ts";

const RATE = 16000;
const STEP_NS = 1e9 / RATE;

/** Samples that say which second they belong to. */
function ramp(start: number, length: number): Float32Array {
  return Float32Array.from({ length }, (_, at) => start + at);
}

Deno.test("samples with jittered times lie on a line without gaps or overlaps", () => {
  fc.assert(fc.property(
    fc.array(fc.tuple(fc.integer({ min: 1, max: 2000 }), fc.integer({ min: -9e6, max: 9e6 })), {
      minLength: 1,
      maxLength: 50,
    }),
    (buffers) => {
      const timeline = new AudioTimeline(RATE);
      let sent = 0;
      let expectedNs: number | undefined;
      for (const [length, jitterNs] of buffers) {
        const chunk = timeline.place(100e6 + sent * STEP_NS + jitterNs, ramp(sent, length));
        sent += length;
        assert.ok(chunk);
        assert.equal(chunk.samples.length, length);
        if (expectedNs !== undefined) assert.ok(Math.abs(chunk.ptsNs - expectedNs) < 1);
        expectedNs = chunk.ptsNs + length * STEP_NS;
      }
    },
  ));
});

Deno.test("whatever the times, no sample is told twice and time never runs back", () => {
  fc.assert(fc.property(
    fc.array(fc.tuple(fc.integer({ min: 0, max: 4000 }), fc.integer({ min: -1e9, max: 5e9 }))),
    (buffers) => {
      const timeline = new AudioTimeline(RATE);
      let endNs = 0;
      for (const [length, ptsNs] of buffers) {
        const chunk = timeline.place(ptsNs, new Float32Array(length));
        if (chunk === undefined) continue;
        assert.ok(chunk.samples.length > 0);
        assert.ok(chunk.ptsNs >= endNs - 1, `${chunk.ptsNs} < ${endNs}`);
        endNs = chunk.ptsNs + chunk.samples.length * STEP_NS;
      }
    },
  ));
});

Deno.test("a gap stays a jump of the time stamp", () => {
  const timeline = new AudioTimeline(RATE);
  timeline.place(0, ramp(0, 1600));
  assert.equal(timeline.place(1.5e9, ramp(0, 160))?.ptsNs, 1.5e9);
});

Deno.test("samples that were heard already, or lie before the beginning, are cut off", () => {
  const timeline = new AudioTimeline(RATE);
  assert.equal(timeline.place(-200e6, ramp(0, 1600)), undefined);
  const first = timeline.place(-50e6, ramp(0, 1600))!;
  assert.deepEqual([first.ptsNs, first.samples[0], first.samples.length], [0, 800, 800]);
  const second = timeline.place(20e6, ramp(0, 1600))!;
  assert.deepEqual([second.ptsNs, second.samples[0]], [50e6, 480]);
});

Deno.test("a slow drift between two clocks is followed in small steps", () => {
  const timeline = new AudioTimeline(RATE);
  let worstNs = 0;
  for (let at = 0; at < 20_000; at++) {
    const ptsNs = at * 20e6 * 1.0005;
    const chunk = timeline.place(ptsNs, new Float32Array(320))!;
    worstNs = Math.max(worstNs, Math.abs(chunk.ptsNs - ptsNs));
  }
  assert.ok(worstNs <= 20e6, `${worstNs}`);
});
