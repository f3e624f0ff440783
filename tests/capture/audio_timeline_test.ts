import assert from "node:assert/strict";
import fc from "fast-check";
import { AudioTimeline } from "../../src/capture/audio_timeline.ts";

const RATE = 16000;
const STEP_NS = 1e9 / RATE;

/** Samples that say which second they belong to. */
function ramp(start: number, length: number): Float32Array {
  return Float32Array.from({ length }, (_, at) => start + at);
}

Deno.test("jittered time stamps give neither gaps nor overlaps", () => {
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

Deno.test("chunks never overlap, whatever the time stamps", () => {
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

Deno.test("a gap remains a jump of the time stamp", () => {
  const timeline = new AudioTimeline(RATE);
  timeline.place(0, ramp(0, 1600));
  assert.equal(timeline.place(1.5e9, ramp(0, 160))?.ptsNs, 1.5e9);
});

Deno.test("samples before the previous end or before time 0 are cut off", () => {
  const timeline = new AudioTimeline(RATE);
  assert.equal(timeline.place(-200e6, ramp(0, 1600)), undefined);
  const first = timeline.place(-50e6, ramp(0, 1600))!;
  assert.deepEqual([first.ptsNs, first.samples[0], first.samples.length], [0, 800, 800]);
  const second = timeline.place(20e6, ramp(0, 1600))!;
  assert.deepEqual([second.ptsNs, second.samples[0]], [50e6, 480]);
});

Deno.test("drift between two clocks is followed", () => {
  const timeline = new AudioTimeline(RATE);
  let worstNs = 0;
  for (let at = 0; at < 20_000; at++) {
    const ptsNs = at * 20e6 * 1.0005;
    const chunk = timeline.place(ptsNs, new Float32Array(320))!;
    worstNs = Math.max(worstNs, Math.abs(chunk.ptsNs - ptsNs));
  }
  assert.ok(worstNs <= 20e6, `${worstNs}`);
});

/** A tone of one hour's drift, as a microphone of the given clock error delivers it: [time stamp, samples]. */
function* driftingTone(ppm: number, seconds: number): Generator<[number, Float32Array]> {
  const speed = 1 + ppm / 1e6;
  const size = 320;
  for (let sent = 0; sent < seconds * RATE; sent += size) {
    // The n-th sample is captured at n / (RATE · speed); a tone of 440 Hz in true time.
    const samples = Float32Array.from(
      { length: size },
      (_, at) => Math.sin(2 * Math.PI * 440 * (sent + at) / (RATE * speed)),
    );
    yield [100e6 + sent * STEP_NS / speed, samples];
  }
}

for (const ppm of [-100, 100]) {
  Deno.test(`a clock error of ${ppm} ppm causes no gap, cut or click in 20 minutes`, () => {
    const seconds = 1200;
    const timeline = new AudioTimeline(RATE);
    let endNs = 100e6;
    let received = 0;
    let sent = 0;
    let last = 0;
    let steepest = 0;
    for (const [ptsNs, samples] of driftingTone(ppm, seconds)) {
      sent += samples.length;
      const chunk = timeline.place(ptsNs, samples)!;
      assert.ok(Math.abs(chunk.ptsNs - endNs) < 1, `hole or cut at ${endNs / 1e9} s`);
      assert.ok(Math.abs(chunk.ptsNs - ptsNs) < 10e6, `${(chunk.ptsNs - ptsNs) / 1e6} ms off`);
      endNs = chunk.ptsNs + chunk.samples.length * STEP_NS;
      received += chunk.samples.length;
      for (const sample of chunk.samples) {
        steepest = Math.max(steepest, Math.abs(sample - last));
        last = sample;
      }
    }
    assert.equal(received - sent, timeline.added - timeline.removed);
    // 100 ppm of 20 minutes is 1,920 samples; the first 5 ms and more are let pass.
    const corrected = ppm < 0 ? timeline.added : timeline.removed;
    assert.ok(corrected > 1700 && corrected <= 1920, `${corrected}`);
    assert.equal(Math.min(timeline.added, timeline.removed), 0);
    // A cut of one sample would be twice as steep as the tone itself.
    const tone = 2 * Math.PI * 440 / RATE;
    assert.ok(steepest < tone * 1.01, `${steepest} > ${tone}`);
  });
}

Deno.test("audio without drift is not altered", () => {
  fc.assert(fc.property(
    fc.array(fc.integer({ min: -1e6, max: 1e6 }), { minLength: 1, maxLength: 500 }),
    (jitters) => {
      const timeline = new AudioTimeline(RATE);
      jitters.forEach((jitterNs, at) => {
        const samples = ramp(at * 320, 320);
        const chunk = timeline.place(100e6 + at * 20e6 + jitterNs, samples)!;
        assert.deepEqual(chunk.samples, samples);
      });
      assert.equal(timeline.added + timeline.removed, 0);
    },
  ));
});
