import assert from "node:assert/strict";
import fc from "fast-check";
import { EventTracker } from "../../src/client/event_tracker.ts";
import { EventFormatError } from "../../src/events/event_json.ts";
import { sampleEvent } from "../support/sample_event.ts";
import { sampleMessage } from "../support/sample_message.ts";

const EVENT = "whence/front/event";
const STATE = "whence/front/state";
const OTHER = "1763812809.000-zzzzzz";

/** Changes as `type id cause`. */
function taken(tracker: EventTracker, topic: string, payload: string): string[] {
  return tracker.take(topic, payload).map(({ type, event, cause }) =>
    `${type} ${event.seq} ${cause}`
  );
}

Deno.test("messages that repeat or come late change nothing", () => {
  const numbers = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 30 });
  fc.assert(fc.property(numbers, (seqs) => {
    const tracker = new EventTracker();
    const expected = seqs.filter((seq, i) => seqs.slice(0, i).every((earlier) => earlier < seq));
    const found = seqs.flatMap((seq) =>
      tracker.take(EVENT, sampleMessage({ type: "update", seq }).line).map(({ event }) => event.seq)
    );
    assert.deepEqual(found, expected);
  }));
});

Deno.test("an event is over at its end, and is not resumed by a late message", () => {
  const tracker = new EventTracker();
  assert.deepEqual(taken(tracker, EVENT, sampleMessage().line), ["new 0 message"]);
  assert.deepEqual(tracker.lasting, [sampleEvent()]);
  const end = sampleMessage({ type: "end", seq: 2, offset: 1763812802 }).line;
  assert.deepEqual(taken(tracker, EVENT, end), ["end 2 message"]);
  assert.deepEqual(taken(tracker, EVENT, sampleMessage({ type: "update", seq: 1 }).line), []);
  assert.deepEqual(tracker.lasting, []);
});

Deno.test("a pipeline that stops or fails ends its events, and no others", () => {
  for (const state of ["stopped", "failed"]) {
    const tracker = new EventTracker();
    taken(tracker, EVENT, sampleMessage().line);
    taken(tracker, "whence/back/event", sampleMessage({ id: OTHER, pipeline: "back" }).line);
    const text = JSON.stringify({ state, since: 1, reason: null, added_later: true });
    assert.deepEqual(taken(tracker, STATE, text), [`end 0 ${state}`]);
    assert.deepEqual(tracker.lasting.map(({ pipeline }) => pipeline), ["back"]);
    assert.deepEqual(taken(tracker, STATE, text), []);
  }
});

Deno.test("other states, online and a deleted state end nothing; offline ends the events of its pipeline", () => {
  const tracker = new EventTracker();
  taken(tracker, EVENT, sampleMessage().line);
  taken(tracker, "whence/back/event", sampleMessage({ id: OTHER, pipeline: "back" }).line);
  for (const state of ["starting", "running", "reconnecting"]) {
    assert.deepEqual(taken(tracker, STATE, JSON.stringify({ state, since: 1, reason: null })), []);
  }
  assert.deepEqual(taken(tracker, STATE, ""), []);
  assert.deepEqual(taken(tracker, "whence/front/available", "online"), []);
  assert.deepEqual(taken(tracker, "whence/front/available", "offline"), ["end 0 offline"]);
  assert.deepEqual(tracker.lasting.map(({ pipeline }) => pipeline), ["back"]);
});

Deno.test("messages that waited while the process was offline resume an event", () => {
  const tracker = new EventTracker();
  taken(tracker, EVENT, sampleMessage().line);
  taken(tracker, "whence/front/available", "offline");
  assert.deepEqual(taken(tracker, EVENT, sampleMessage().line), []);
  const update = sampleMessage({ type: "update", seq: 1 }).line;
  assert.deepEqual(taken(tracker, EVENT, update), ["update 1 message"]);
  assert.equal(tracker.lasting.length, 1);
});

Deno.test("a prefix may have several levels", () => {
  const tracker = new EventTracker("home/robot");
  assert.deepEqual(tracker.filters, [
    "home/robot/+/event",
    "home/robot/+/state",
    "home/robot/+/available",
  ]);
  const { line } = sampleMessage();
  assert.deepEqual(taken(tracker, "home/robot/front/event", line), ["new 0 message"]);
  assert.deepEqual(taken(tracker, "home/robot/front/available", "offline"), ["end 0 offline"]);
});

Deno.test("unknown fields are dropped at every depth, other faults are errors", () => {
  const tracker = new EventTracker();
  const added = {
    ...sampleEvent({ labels: [{ name: "dog", score: 0.9 }] }),
    added: 1,
    header: { ...sampleEvent().header, added: 1 },
  };
  Reflect.set(added.labels[0], "added", 1);
  const [{ event }] = tracker.take(EVENT, JSON.stringify(added));
  assert.deepEqual(event, sampleEvent({ labels: [{ name: "dog", score: 0.9 }] }));
  const unplaced = JSON.stringify({ ...added, seq: 1, peak: undefined });
  const version3 = JSON.stringify({ ...sampleEvent(), schema: "whence/event/3" });
  for (const text of ["", "{", "1", "null", unplaced, version3]) {
    assert.throws(() => tracker.take(EVENT, text), EventFormatError, text);
  }
  assert.throws(() => tracker.take(STATE, '{"state": "asleep"}'), EventFormatError);
});

Deno.test("the tracker remembers the newest 1,000 events", () => {
  const tracker = new EventTracker();
  const id = (i: number) => `1763812801.${String(i).padStart(3, "0")}-aaaaaa`;
  const say = (name: string) => tracker.take(EVENT, sampleMessage({ id: name }).line).length;
  for (let i = 0; i < 1000; i++) assert.equal(say(id(i)), 1);
  assert.equal(say(id(0)), 0);
  say(OTHER);
  assert.equal(tracker.lasting.length, 1000);
  assert.equal(say(id(1)), 0);
  assert.equal(say(id(0)), 1);
});
