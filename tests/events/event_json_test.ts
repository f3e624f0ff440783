import assert from "node:assert/strict";
import fc from "fast-check";
import type { WhenceEvent } from "../../src/events/event.ts";
import {
  checkEvent,
  decodeEvent,
  encodeEvent,
  EventFormatError,
} from "../../src/events/event_json.ts";
import { sampleEvent } from "../support/sample_event.ts";

const unit = fc.double({ min: 0, max: 1, noNaN: true });
const seconds = fc.double({ min: 0, max: 4e9, noNaN: true });
const angle = fc.double({ min: -Math.PI, max: Math.PI, noNaN: true });

const anyEvent: fc.Arbitrary<WhenceEvent> = fc.record({
  type: fc.constantFrom("new", "update", "end"),
  seq: fc.nat(),
  pipeline: fc.string(),
  kind: fc.constantFrom("sound", "speech"),
  header: fc.tuple(fc.nat(), fc.nat(999_999_999), fc.string()).map(([sec, nanosec, frame_id]) => ({
    stamp: { sec, nanosec },
    frame_id,
  })),
  onset: seconds,
  offset: fc.option(seconds),
  duration: seconds,
  stream: fc.record({ onset: seconds, offset: fc.option(seconds) }),
  score: unit,
  current_score: unit,
  similarity: fc.double({ min: -1e4, max: 1e4, noNaN: true }),
  located: fc.boolean(),
  peak: fc.tuple(unit, unit),
  box: fc.tuple(unit, unit, unit, unit),
  bearing: fc.record({ azimuth: angle, elevation: angle }),
  zones: fc.array(fc.string()),
  labels: fc.array(fc.record({ name: fc.string(), score: unit })),
  media: fc.record({ picture: fc.string(), clip: fc.string() }, {
    requiredKeys: [],
    noNullPrototype: true,
  }),
  reason: fc.constantFrom(null, "interrupted", "source_lost", "stopped"),
  latency_ms: fc.double({ min: 0, max: 1e6, noNaN: true }),
}, { requiredKeys: [] }).map((changes) => lawful(sampleEvent(changes as Partial<WhenceEvent>)));

/** The event without what its `located` and `type` exclude. */
function lawful({ peak, box, bearing, ...event }: WhenceEvent): WhenceEvent {
  const reason = event.type === "end" ? event.reason : null;
  const region = event.located ? { peak, box, ...(bearing && { bearing }) } : {};
  return { ...event, ...region, reason };
}

Deno.test("an event is encoded within its precision, and a second round trip changes nothing", () => {
  fc.assert(fc.property(anyEvent, (event) => {
    const line = encodeEvent(event);
    assert.ok(!line.includes("\n"));
    const back = decodeEvent(line);
    assert.equal(encodeEvent(back), line);
    assert.deepEqual(back.header, event.header);
    const exact = (e: WhenceEvent) => [e.zones, e.pipeline, e.seq, e.located, e.media, e.reason];
    assert.deepEqual(exact(back), exact(event));
    const near = (a: number, b: number, tolerance: number) =>
      assert.ok(Math.abs(a - b) <= tolerance, `${a} is not ${b}`);
    near(back.onset, event.onset, 0.000_501);
    near(back.duration, event.duration, 0.000_501);
    assert.equal(back.box === undefined, !event.located);
    back.box?.forEach((value, i) => near(value, event.box![i], 0.000_051));
    back.labels.forEach(({ score }, i) => near(score, event.labels[i].score, 0.000_051));
    near(back.score, event.score, 0.000_051);
    near(back.current_score, event.current_score, 0.000_051);
    near(back.similarity, event.similarity, 0.000_051);
    assert.equal(back.bearing === undefined, event.bearing === undefined);
  }));
});

Deno.test("numbers are written short", () => {
  const labels = [{ name: "dog", score: 0.7 + 0.1 }];
  const line = encodeEvent(sampleEvent({ score: 0.1 + 0.2, similarity: -0.000_001, labels }));
  assert.match(line, /"score":0\.3,/);
  assert.match(line, /"labels":\[\{"name":"dog","score":0\.8\}\]/);
  assert.match(line, /"similarity":0,/);
});

Deno.test("an event that violates the schema is not written", async (t) => {
  for (
    const [name, changes, key] of [
      ["not a number", { score: NaN }, "score"],
      ["infinite", { latency_ms: Infinity }, "latency_ms"],
      ["outside the picture", { box: [0, 0, 1.2, 1] }, "box.2"],
      ["a bad id", { id: "x" }, "id"],
      ["an unknown key", { color: "red" }, "color"],
      ["a label without a score", { labels: [{ name: "dog" }] }, "labels.0.score"],
      ["located without a peak", { peak: undefined }, "peak"],
      ["located without a box", { box: undefined }, "box"],
      ["a region of what is not located", { located: false }, "peak"],
      ["a reason before the end", { reason: "stopped" }, "reason"],
      ["an unknown reason", { type: "end", reason: "bored" }, "reason"],
      ["schema 1", { schema: "whence/event/1" }, "schema"],
    ] as const
  ) {
    await t.step(name, () => {
      const event = sampleEvent(changes as Partial<WhenceEvent>);
      assert.throws(() => encodeEvent(event), EventFormatError);
      assert.throws(() => checkEvent(event), (error: Error) => error.message.includes(key));
    });
  }
});

Deno.test("text that is not an event is rejected in one line", () => {
  assert.throws(() => decodeEvent("{"), {
    name: "EventFormatError",
    message: "Cannot read event: must be JSON",
  });
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    assert.throws(
      () => decodeEvent(JSON.stringify(value)),
      (error) => error instanceof EventFormatError && !error.message.includes("\n"),
    );
  }));
});
