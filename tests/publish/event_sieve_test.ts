import assert from "node:assert/strict";
import fc from "fast-check";
import type { WhenceEvent } from "../../src/events/event.ts";
import { encodeEvent } from "../../src/events/event_json.ts";
import { type EventFilter, filterOf, filterText, meets } from "../../src/publish/event_filter.ts";
import { EventSieve } from "../../src/publish/event_sieve.ts";
import { sampleEvent } from "../support/sample_event.ts";

const AT = "1763812801.234-a1b2c3";

/** The messages of one event: `new`, updates, `end`. */
function messages(
  id: string,
  changes: readonly Partial<WhenceEvent>[],
): WhenceEvent[] {
  return changes.map((change, seq) => {
    const last = seq === changes.length - 1 && seq > 0;
    return sampleEvent({
      id,
      seq,
      type: seq === 0 ? "new" : last ? "end" : "update",
      offset: last ? 1763812802.5 : null,
      stream: { onset: 3.21, offset: last ? 4.476 : null },
      ...change,
    });
  });
}

function sift(filter: EventFilter, events: readonly WhenceEvent[]): WhenceEvent[] {
  const sieve = new EventSieve(filter);
  return events.flatMap((event) => sieve.take(event));
}

const shown = (events: readonly WhenceEvent[]) =>
  events.map(({ type, seq, score }) => `${type} ${seq} ${score}`);

Deno.test("an event that meets the filter from the start passes unchanged", () => {
  const event = messages(AT, [{}, {}, {}]);
  const passed = sift({ kinds: ["sound"], zones: ["sofa", "door"], min_score: 0.97 }, event);
  passed.forEach((message, i) => assert.equal(message, event[i]));
  assert.equal(passed.length, 3);
});

Deno.test("an event that does not meet the filter sends nothing", () => {
  const event = messages(AT, [{}, {}, {}]);
  const label = { labels: [{ name: "dog", score: 0.9 }] };
  assert.deepEqual(sift({ kinds: ["speech"] }, event), []);
  assert.deepEqual(sift({ zones: ["door"] }, event), []);
  assert.deepEqual(sift({ labels: ["kettle"] }, messages(AT, [label, label])), []);
  assert.deepEqual(sift({ min_score: 0.98 }, event), []);
  assert.deepEqual(sift({ kinds: ["sound"], zones: ["door"] }, event), []);
  assert.deepEqual(sift({ zones: ["sofa"] }, messages(AT, [{ zones: [] }, { zones: [] }])), []);
});

Deno.test("an event that meets the filter later begins with the message that does", () => {
  const event = messages(AT, [{ score: 0.7 }, { score: 0.75 }, { score: 0.9 }, {
    score: 0.95,
  }, { score: 0.95 }]);
  assert.deepEqual(shown(sift({ min_score: 0.9 }, event)), [
    "new 0 0.9",
    "update 1 0.95",
    "end 2 0.95",
  ]);
});

Deno.test("an event passes to its end, also when it leaves the zone or loses the label", () => {
  const dog = [{ name: "dog", score: 0.8 }];
  const event = messages(AT, [{ labels: dog }, { zones: [] }, { labels: [] }]);
  assert.deepEqual(shown(sift({ zones: ["sofa"], labels: ["dog"] }, event)), [
    "new 0 0.97",
    "update 1 0.97",
    "end 2 0.97",
  ]);
});

Deno.test("an event that meets the filter only with its end gives new and end", () => {
  const event = messages(AT, [{ score: 0.7 }, { score: 0.9, reason: "stopped" }]);
  const [opening, end] = sift({ min_score: 0.9 }, event);
  assert.deepEqual(opening, {
    ...event[1],
    type: "new",
    seq: 0,
    offset: null,
    stream: { onset: 3.21, offset: null },
    reason: null,
  });
  assert.deepEqual(end, { ...event[1], seq: 1 });
});

Deno.test("a kind lasts while an event of it that passed lasts", () => {
  const sieve = new EventSieve({ min_score: 0.9 });
  const [first, last] = messages(AT, [{ score: 0.95 }, { score: 0.95 }]);
  const [weak] = messages("1763812803.000-zzzzzz", [{ score: 0.7 }]);
  const lasts = () => [sieve.lasts("sound"), sieve.lasts("speech")];
  sieve.take(weak);
  assert.deepEqual(lasts(), [false, false]);
  sieve.take(first);
  assert.deepEqual(lasts(), [true, false]);
  sieve.take(last);
  assert.deepEqual(lasts(), [false, false]);
});

Deno.test("whatever the events, each one that passes is a whole, valid event", () => {
  const step = fc.record({
    score: fc.constantFrom(0.6, 0.7, 0.8, 0.9),
    zones: fc.subarray(["sofa", "door"]),
    labels: fc.subarray(["dog", "kettle"]).map((names) =>
      names.map((name) => ({ name, score: 0.5 }))
    ),
  });
  const filters = fc.record({
    kinds: fc.constantFrom<("sound" | "speech")[]>(["sound"], ["speech"], ["sound", "speech"]),
    zones: fc.subarray(["sofa", "door"], { minLength: 1 }),
    labels: fc.subarray(["dog", "kettle"], { minLength: 1 }),
    min_score: fc.constantFrom(0.6, 0.7, 0.8, 0.9),
  }, { requiredKeys: [] });
  const events = fc.array(
    fc.record({
      kind: fc.constantFrom("sound" as const, "speech" as const),
      steps: fc.array(step, { minLength: 2, maxLength: 5 }),
    }),
    { maxLength: 4 },
  );
  fc.assert(
    fc.property(events, filters, fc.infiniteStream(fc.nat()), (drawn, filter, order) => {
      const queues = drawn.map(({ kind, steps }, i) =>
        messages(`${1763812801 + i}.000-aaaaaa`, steps.map((one) => ({ ...one, kind })))
      );
      const whole = queues.map((queue) => [...queue]);
      const mixed: WhenceEvent[] = [];
      for (let left = queues.filter((queue) => queue.length > 0); left.length > 0;) {
        const { value } = order.next();
        mixed.push(left[value % left.length].shift()!);
        left = queues.filter((queue) => queue.length > 0);
      }
      const passed = sift(filter, mixed);
      for (const all of whole) {
        const own = passed.filter(({ id }) => id === all[0].id);
        const first = all.findIndex((message) => meets(filter, message));
        if (first < 0) {
          assert.deepEqual(own, []);
          continue;
        }
        assert.deepEqual(own.map(({ seq }) => seq), own.map((_, i) => i));
        assert.deepEqual(own.map(({ type }) => type), [
          "new",
          ...Array.from({ length: own.length - 2 }, () => "update"),
          "end",
        ]);
        assert.equal(own.length, Math.max(2, all.length - first));
        own.forEach(encodeEvent);
      }
    }),
    { numRuns: 60 },
  );
});

Deno.test("a filter is read from a sink's configuration and shown in words", () => {
  assert.equal(filterOf("events.jsonl"), undefined);
  assert.equal(filterOf({ path: "x", kinds: undefined }), undefined);
  const filter = filterOf({
    path: "x",
    kinds: ["speech"],
    zones: ["a", "b"],
    labels: ["mug"],
    min_score: 0,
  });
  assert.deepEqual(filter, { kinds: ["speech"], zones: ["a", "b"], labels: ["mug"], min_score: 0 });
  assert.equal(filterText(filter!), "only speech, in a or b, labeled mug, score 0 or more");
});
