import assert from "node:assert/strict";
import { sampleEvent } from "../support/sample_event.ts";
import { eventDifferences } from "./event_differences.ts";

Deno.test("equal events, and events within the tolerances, are accepted", () => {
  const end = sampleEvent({ type: "end", seq: 1 });
  const near = sampleEvent({ type: "end", seq: 1, score: 0.975, peak: [0.33, 0.52] });
  const { messages, events, largest } = eventDifferences([near], [end]);
  assert.deepEqual([messages, events], [1, 1]);
  assert.equal(largest, "score 0.0050, position 0.0200, time 0.0 ms");
});

Deno.test("events that differ in number, score, place or time are refused", () => {
  const expected = [sampleEvent()];
  for (
    const got of [
      [],
      [sampleEvent({ kind: "speech", head: 1 })],
      [sampleEvent({ current_score: 0.9 })],
      [sampleEvent({ peak: [0.4, 0.52] })],
      [sampleEvent({ duration: 0.77 })],
    ]
  ) assert.throws(() => eventDifferences(got, expected));
  assert.throws(() => eventDifferences([], []), /must give events/);
});
