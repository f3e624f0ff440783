import assert from "node:assert/strict";
import { EVENT_LINE_HEADER, formatEventLine } from "../../src/events/event_line.ts";
import { sampleEvent } from "../support/sample_event.ts";

Deno.test("the lines of different events are aligned with the header", () => {
  const lines = [
    sampleEvent(),
    sampleEvent({ type: "update", kind: "speech", latency_ms: 1234.6, duration: 12.345 }),
    sampleEvent({
      type: "end",
      zones: [],
      pipeline: "a",
      score: 1,
      labels: [{ name: "dog", score: 0.914 }, { name: "cow", score: 0.05 }],
      reason: "source_lost",
    }),
    sampleEvent({ located: false, peak: undefined, box: undefined, reason: "stopped" }),
  ].map(formatEventLine);
  for (const title of ["pipeline", "type", "kind", "peak", "box", "zones"]) {
    const at = EVENT_LINE_HEADER.indexOf(title);
    for (const line of lines) {
      assert.equal(line[at - 1], " ", `${title} in ${line}`);
      assert.notEqual(line[at], " ", `${title} in ${line}`);
    }
  }
  assert.match(lines[1], /update {2}speech {3}0\.97 {2}0\.93 {2}12\.35 s .* 1235 ms {2}sofa$/);
  assert.match(lines[2], /0\.10 0\.20 0\.50 0\.60 .* - {13}dog 0\.91, cow 0\.05, source_lost$/);
  assert.match(lines[3], / s {2}- {10}- {20} {2}310 ms {2}sofa {10}stopped$/);
});

Deno.test("the time is the onset in local time, to the millisecond", () => {
  const onset = new Date(2026, 0, 2, 3, 4, 5, 6).getTime() / 1000;
  assert.match(formatEventLine(sampleEvent({ onset })), /^03:04:05\.006 /);
});

Deno.test("control characters are not printed", () => {
  const hostile = "\r\n\x9b";
  const line = formatEventLine(
    sampleEvent({
      pipeline: "a\x1b[2Jb",
      zones: [hostile],
      labels: [{ name: hostile, score: 0.5 }],
    }),
  );
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(line, /[\x00-\x1f\x7f-\x9f]/);
});
