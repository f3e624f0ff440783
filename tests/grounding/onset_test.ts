import assert from "node:assert/strict";
import { OnsetWatch } from "../../src/grounding/onset.ts";
import { engine, ground, RATE, withWholeWindow } from "./ground_clip.ts";

function heard(levels: readonly number[], gate = -55): boolean[] {
  const watch = new OnsetWatch();
  levels.forEach((level, step) => watch.hear(step, level, gate));
  return levels.map((_, step) => watch.mayBegin(step));
}

Deno.test("a rise of the level by 6 dB may begin an event, for four steps", () => {
  const watch = new OnsetWatch();
  const levels = [-40, -41, -40, -39, -40, -30, -30, -30, -30, -30, -30];
  const begins = levels.map((level, step) => {
    watch.hear(step, level, -55);
    return watch.mayBegin(step);
  });
  // The first step follows nothing.
  assert.deepEqual(begins.slice(0, 5), [true, true, true, true, false]);
  assert.deepEqual(begins.slice(5), [true, true, true, true, false, false]);
  assert.equal(watch.mayBegin(levels.length), false);
});

Deno.test("what stays below the gate, or as loud as before, begins nothing", () => {
  assert.deepEqual(heard([-90, -90, -60, -60]), [false, false, false, false]);
  assert.equal(heard([...Array(20).fill(-30), -27, -26, -26]).at(-1), false);
  assert.equal(heard([...Array(20).fill(-Infinity), -50]).at(-1), true);
});

const WINDOW = { duration: 2, hop: 0.2, lookahead: 0.2, maxFrameDistance: 1 };

/** Two bursts in silence. */
function bursts(seconds: number): Float32Array {
  return Float32Array.from({ length: seconds * RATE }, (_, i) => {
    const t = i / RATE;
    const on = (t > 1.03 && t < 1.6) || (t > 2.51 && t < 3.2);
    return on ? 0.3 * Math.sin(2 * Math.PI * 700 * t) : 0;
  });
}

Deno.test("a step at an onset is reported when it is final, without waiting for the regular hop", async () => {
  await using parts = await engine();
  const feed = { seconds: 4, sound: bursts, chunk: 160, rules: { gate: -55, floors: [] } };
  const regular = await ground(parts, WINDOW, feed);
  const early = await ground(parts, { ...WINDOW, early_hops: true }, feed);
  const times = ({ steps }: typeof early) => steps.map(({ ptsNs, skipped }) => [ptsNs, skipped]);
  assert.deepEqual(times(early), times(regular));
  const delays = ({ steps, toldAtNs }: typeof early) =>
    steps.flatMap(({ ptsNs }, i) =>
      [1.03, 2.51].some((onset) => ptsNs > onset * 1e9 && ptsNs < (onset + 0.2) * 1e9)
        ? [(toldAtNs[i] - ptsNs) / 1e6]
        : []
    );
  const latest = Math.max(...delays(early));
  // The look-ahead, the grid of steps and one buffer.
  assert.ok(latest <= 200 + 80 + 10, `${latest} ms`);
  assert.ok(Math.max(...delays(regular)) > latest + 60);
  assert.ok(early.stats.earlyHops >= 3 && early.stats.earlyHops <= 10, `${early.stats.earlyHops}`);
  assert.equal(regular.stats.earlyHops, 0);
  const whole = await ground(withWholeWindow(parts), { ...WINDOW, early_hops: true }, feed);
  assert.equal(whole.stats.earlyHops, 0);
});

Deno.test("early hops give the same results if the look-ahead covers the receptive field", async () => {
  await using parts = await engine();
  const window = { ...WINDOW, duration: 2.4, lookahead: 1 };
  const feed = { seconds: 3, sound: bursts, chunk: 320 };
  const [regular, early] = [
    await ground(parts, window, feed),
    await ground(parts, { ...window, early_hops: true }, feed),
  ];
  assert.ok(early.stats.earlyHops > 0);
  assert.equal(early.steps.length, regular.steps.length);
  early.steps.forEach((step, i) => {
    const other = regular.steps[i];
    assert.ok(step.skipped === undefined && other.skipped === undefined);
    const away = step.volume.map((value, j) => Math.abs(value - other.volume[j]));
    assert.ok(Math.max(...away) < 1e-5 * Math.max(...other.volume.map(Math.abs), 1));
  });
});
