import assert from "node:assert/strict";
import fc from "fast-check";
import { Playout } from "../../src/viewer/page/playout.ts";
import { TimedList } from "../../src/viewer/page/timed_list.ts";

const filled = (times: readonly number[], seconds = 60, most = 1000) => {
  const list = new TimedList<{ t: number }>(seconds, most);
  for (const t of times) list.add({ t });
  return list;
};

Deno.test("the list is bounded in time and in number", () => {
  assert.deepEqual(filled([1, 2, 3, 64]).all.map(({ t }) => t), [64]);
  assert.deepEqual(filled([1, 2, 3, 4], 60, 2).all.map(({ t }) => t), [3, 4]);
  const dropped: number[] = [];
  const list = new TimedList<{ t: number }>(60, 2, ({ t }) => dropped.push(t));
  for (const t of [1, 2, 3]) list.add({ t });
  list.clear();
  assert.deepEqual(dropped, [1, 2, 3]);
});

Deno.test("a time before the newest one begins a new list", () => {
  assert.deepEqual(filled([5, 6, 1, 2]).all.map(({ t }) => t), [1, 2]);
});

Deno.test("entries are found by time as a search through all finds them", () => {
  const times = fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 20 })
    .map((times) => times.toSorted((a, b) => a - b));
  fc.assert(fc.property(times, fc.double({ min: -5, max: 60, noNaN: true }), (times, t) => {
    const list = filled(times);
    assert.equal(list.at(t)?.t, times.findLast((time) => time <= t));
    const nearest = Math.min(...times.map((time) => Math.abs(time - t)));
    if (times.length > 0) assert.equal(Math.abs(list.nearest(t)!.t - t), nearest);
    else assert.equal(list.nearest(t), undefined);
  }));
});

Deno.test("playout runs evenly between bunches of steps and never goes back", () => {
  const playout = new Playout();
  const shown = Array.from({ length: 60 }, (_, i) => {
    const seconds = i * 0.05;
    // Hops of 200 ms bring their steps at once.
    return playout.now(10 + Math.floor(seconds / 0.2) * 0.2, seconds * 1000);
  });
  const steps = shown.slice(1).map((t, i) => t - shown[i]);
  assert.ok(steps.every((step) => step >= 0 && step < 0.12), `${steps}`);
  assert.ok(shown.at(-1)! - shown[0] > 2.5, `${shown.at(-1)}`);
});

Deno.test("playout follows a source that starts again, and jumps after a pause", () => {
  const playout = new Playout();
  playout.now(100, 0);
  assert.ok(playout.now(0.5, 50) < 1);
  assert.ok(playout.now(20, 100) > 19);
});
