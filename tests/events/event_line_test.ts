import assert from "node:assert/strict";
import { EVENT_LINE_HEADER, formatEventLine } from "../../src/events/event_line.ts";
import { sampleEvent } from "../support/sample_event.ts";

Deno.test("lines of different events stand in the header's columns", () => {
  const lines = [
    sampleEvent(),
    sampleEvent({ type: "update", kind: "speech", latency_ms: 1234.6, duration: 12.345 }),
    sampleEvent({ type: "end", zones: [], pipeline: "a", score: 1 }),
  ].map(formatEventLine);
  for (const title of ["pipeline", "type", "kind", "peak", "box", "zones"]) {
    const at = EVENT_LINE_HEADER.indexOf(title);
    for (const line of lines) {
      assert.equal(line[at - 1], " ", `${title} in ${line}`);
      assert.notEqual(line[at], " ", `${title} in ${line}`);
    }
  }
  assert.match(lines[1], /update {2}speech {3}0\.93 {2}12\.35 s .* 1235 ms {2}sofa$/);
  assert.match(lines[2], /0\.10 0\.20 0\.50 0\.60 .* -$/);
});

Deno.test("the time is the onset by the local clock, to the millisecond", () => {
  const onset = new Date(2026, 0, 2, 3, 4, 5, 6).getTime() / 1000;
  assert.match(formatEventLine(sampleEvent({ onset })), /^03:04:05\.006 /);
});

Deno.test("control characters never reach the terminal", () => {
  const line = formatEventLine(sampleEvent({ pipeline: "a\x1b[2Jb", zones: ["\r\n\x9b"] }));
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(line, /[\x00-\x1f\x7f-\x9f]/);
});
