import assert from "node:assert/strict";
import fc from "fast-check";
import { detectSchema } from "../../src/detection/detect_schema.ts";
import { EventTracker, type TrackedEvent } from "../../src/detection/tracker.ts";

const STEP = 0.08;
const CONFIG = detectSchema.parse({
  sound: {
    on: 0.6,
    off: 0.4,
    min_duration: "150ms",
    merge_gap: "300ms",
    update_every: "500ms",
  },
}).sound;

/** A 4 × 4 map with one hot cell. */
const hot = (cell: number) => Float32Array.from({ length: 16 }, (_, i) => i === cell ? 1 : 0.1);

const tracker = () => new EventTracker(CONFIG, 0.5, new Uint8Array(16).fill(1));

/** Feeds one score (and cell) per step from time 0. */
function play(scores: readonly number[], cells: readonly number[] = [], into = tracker()) {
  return scores.flatMap((score, i) =>
    into.step({
      startNs: Math.round(i * STEP * 1e9),
      endNs: Math.round((i + 1) * STEP * 1e9),
      score,
      similarity: score,
      map: hot(cells[i] ?? 5),
    })
  );
}

const brief = (events: readonly TrackedEvent[]) =>
  events.map(({ type, onsetNs, offsetNs }) => [
    type,
    Math.round(onsetNs / STEP / 1e9),
    offsetNs === null ? null : Math.round(offsetNs / STEP / 1e9),
  ]);

const steps = (count: number, score: number) => new Array<number>(count).fill(score);

Deno.test("a score between off and on continues an event but does not begin one", () => {
  assert.deepEqual(play(steps(20, 0.5)), []);
  const events = play([...steps(2, 0), ...steps(3, 0.7), ...steps(3, 0.5), ...steps(8, 0.1)]);
  assert.deepEqual(brief(events), [["new", 2, null], ["end", 2, 8]]);
});

Deno.test("a burst shorter than min_duration is not an event", () => {
  assert.deepEqual(play([0, 0.9, 0, 0, 0, 0, 0, 0, 0.9, 0, 0, 0, 0, 0]), []);
});

Deno.test("a dip shorter than merge_gap is bridged, a longer one is not", () => {
  const bridged = play([...steps(3, 0.9), ...steps(3, 0), ...steps(2, 0.9), ...steps(8, 0)]);
  assert.deepEqual(brief(bridged), [["new", 0, null], ["end", 0, 8]]);
  const parted = play([...steps(3, 0.9), ...steps(4, 0), ...steps(3, 0.9), ...steps(8, 0)]);
  assert.deepEqual(brief(parted), [
    ["new", 0, null],
    ["end", 0, 3],
    ["new", 7, null],
    ["end", 7, 10],
  ]);
});

Deno.test("after a dip the score must reach on, not off", () => {
  const events = play([...steps(3, 0.9), 0.1, ...steps(10, 0.5)]);
  assert.deepEqual(brief(events), [["new", 0, null], ["end", 0, 3]]);
});

Deno.test("updates come every update_every", () => {
  const types = play(steps(22, 0.9)).map(({ type, atNs }) => [type, Math.round(atNs / STEP / 1e9)]);
  assert.deepEqual(types, [["new", 2], ["update", 9], ["update", 16]]);
});

Deno.test("an event ends by the clock when no steps come", () => {
  const into = tracker();
  play(steps(5, 0.9), [], into);
  assert.ok(into.active);
  assert.deepEqual(into.advance(0.6e9), []);
  assert.deepEqual(brief(into.advance(0.71e9)), [["end", 0, 5]]);
  assert.ok(!into.active);
  assert.deepEqual(into.advance(5e9), []);
});

Deno.test("a peak that jumps while the score stays up ends the event and begins another", () => {
  const cells = [...steps(5, 5), ...steps(5, 15)];
  const events = play([...steps(10, 0.9), ...steps(6, 0)], cells);
  assert.deepEqual(brief(events), [
    ["new", 0, null],
    ["end", 0, 5],
    ["new", 5, null],
    ["end", 5, 10],
  ]);
  const [first, , second] = events;
  assert.notEqual(first.key, second.key);
  assert.equal(second.heatMap.indexOf(Math.max(...second.heatMap)), 15);
  assert.equal(events[1].heatMap.indexOf(Math.max(...events[1].heatMap)), 5);
});

Deno.test("an event that continues elsewhere after a dip ended before the dip", () => {
  const cells = [...steps(6, 5), ...steps(6, 15)];
  const events = play([...steps(4, 0.9), 0, 0, ...steps(6, 0.9)], cells);
  assert.deepEqual(brief(events), [["new", 0, null], ["end", 0, 4], ["new", 6, null]]);
});

Deno.test("what never reached on elsewhere does not begin an event", () => {
  const events = play([...steps(5, 0.9), ...steps(5, 0.45), ...steps(6, 0)], [
    ...steps(5, 5),
    ...steps(11, 15),
  ]);
  assert.deepEqual(brief(events).filter(([type]) => type !== "update"), [
    ["new", 0, null],
    ["end", 0, 10],
  ]);
});

Deno.test("without a merge gap an event ends with the first quiet step", () => {
  const into = new EventTracker({ ...CONFIG, merge_gap: 0 }, 0.5, new Uint8Array(16).fill(1));
  const events = play([...steps(5, 0.9), ...steps(2, 0)], [], into);
  assert.deepEqual(brief(events), [["new", 0, null], ["end", 0, 5]]);
});

Deno.test("a peak that strays for one step does not split an event", () => {
  const events = play([...steps(10, 0.9), ...steps(6, 0)], [5, 5, 5, 5, 15, 5, 5, 0, 5, 5]);
  assert.deepEqual(brief(events).filter(([type]) => type !== "update"), [
    ["new", 0, null],
    ["end", 0, 10],
  ]);
});

Deno.test("the score is the highest so far, at least `on`; the current score is the newest step's", () => {
  const [begin, update, end] = play([0.95, 0.45, 0.5, ...steps(6, 0.41), 0.7, ...steps(5, 0)]);
  assert.deepEqual([begin.type, begin.score, begin.currentScore], ["new", 0.95, 0.45]);
  assert.deepEqual([update.type, update.score, update.currentScore], ["update", 0.95, 0.41]);
  assert.deepEqual([end.type, end.score, end.currentScore], ["end", 0.95, 0.7]);
});

Deno.test("the newest map covers the last 500 ms, the heat map the whole event", () => {
  const cells = steps(20, 5).map((cell, i) => i < 12 ? cell : 6);
  const wide = steps(20, 0.9).map((score, i) => ({
    startNs: Math.round(i * STEP * 1e9),
    endNs: Math.round((i + 1) * STEP * 1e9),
    score,
    similarity: score,
    // The neighbor cell counts as the same place.
    map: hot(cells[i]).map((value, cell) =>
      cell === 5 || cell === 6 ? Math.max(value, 0.6) : value
    ),
  }));
  const into = tracker();
  const [begin, ...updates] = wide.flatMap((step) => into.step(step));
  assert.deepEqual([...begin.newestMap], [...begin.heatMap]);
  const last = updates.at(-1)!;
  assert.equal(Math.round(last.atNs / STEP / 1e9), 16);
  // 6 steps of 80 ms: 2 at the old place, 4 at the new one; 16 steps since the onset.
  assert.ok(Math.abs(last.newestMap[6] - (2 * 0.6 + 4) / 6) < 1e-6);
  assert.ok(Math.abs(last.heatMap[6] - (12 * 0.6 + 4) / 16) < 1e-6);
});

Deno.test("a step longer than 500 ms is a newest map by itself", () => {
  const into = tracker();
  const step = (i: number) => ({
    startNs: i * 1e9,
    endNs: (i + 1) * 1e9,
    score: 0.9,
    similarity: 1,
  });
  into.step({ ...step(0), map: hot(5) });
  const [{ newestMap }] = into.step({ ...step(1), map: hot(5).map((value) => value * 2) });
  assert.equal(newestMap[5], 2);
});

Deno.test("whatever the scores, every event is announced once, ended once, and events do not overlap", () => {
  const stream = fc.array(
    fc.record({ score: fc.double({ min: 0, max: 1, noNaN: true }), cell: fc.nat({ max: 15 }) }),
    { maxLength: 120 },
  );
  fc.assert(fc.property(stream, (input) => {
    const into = tracker();
    const events = play(input.map(({ score }) => score), input.map(({ cell }) => cell), into);
    events.push(...into.advance(1e12));
    let open: TrackedEvent | undefined;
    let lastOffset = 0;
    let highest = 0;
    for (const event of events) {
      if (event.type === "new") {
        assert.equal(open, undefined);
        assert.ok(event.onsetNs >= lastOffset);
        open = event;
      } else {
        assert.equal(event.key, open?.key);
        assert.equal(event.onsetNs, open?.onsetNs);
      }
      assert.ok(event.score >= Math.max(CONFIG.on, event.currentScore, highest));
      highest = event.type === "end" ? 0 : event.score;
      if (event.type === "end") {
        assert.ok(event.offsetNs! > event.onsetNs);
        lastOffset = event.offsetNs!;
        open = undefined;
      }
    }
    assert.equal(open, undefined);
  }));
});
