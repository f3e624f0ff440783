import assert from "node:assert/strict";
import fc from "fast-check";
import { escapeControls, type LogEntry, logLine } from "../../src/core/log_line.ts";

const ENTRY: LogEntry = {
  time: new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 6)),
  level: "warning",
  pipeline: "front",
  message: 'no audio {"a": 1}',
  fields: {},
};

Deno.test("a text line has time, pipeline, level and message", () => {
  assert.equal(
    logLine(ENTRY, "text", false),
    '2026-01-02T03:04:05.006Z front: warning: no audio {"a": 1}',
  );
  assert.equal(
    logLine({ ...ENTRY, level: "info", pipeline: undefined, fields: { a: 1 } }, "text", false),
    '2026-01-02T03:04:05.006Z no audio {"a": 1}',
  );
});

Deno.test("in the journal a text line starts with its severity and has no time", () => {
  assert.equal(logLine(ENTRY, "text", true), '<4>front: warning: no audio {"a": 1}');
});

Deno.test("a JSON line is one object with time, level, pipeline, message and fields", () => {
  const fields = { hops: 3, bytes: 2n ** 60n, url: "rtsp://me:hunter2@camera/1" };
  assert.deepEqual(JSON.parse(logLine({ ...ENTRY, fields }, "json", true)), {
    time: "2026-01-02T03:04:05.006Z",
    level: "warning",
    pipeline: "front",
    message: 'no audio {"a": 1}',
    fields: { hops: 3, bytes: "1152921504606846976", url: "rtsp://me:***@camera/1" },
  });
  assert.deepEqual(
    Object.keys(JSON.parse(logLine({ ...ENTRY, pipeline: undefined }, "json", false))),
    ["time", "level", "message"],
  );
});

Deno.test("control characters are escaped", () => {
  assert.equal(
    escapeControls("a\x1b[31mb\nc\x9b\u202e\u2028é 日本"),
    "a\\u001b[31mb\\u000ac\\u009b\\u202e\\u2028é 日本",
  );
});

Deno.test("whatever the message, a line is one line without controls, and JSON keeps the message", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), fc.boolean(), (message, journal) => {
    for (const format of ["text", "json"] as const) {
      const line = logLine({ ...ENTRY, message }, format, journal);
      assert.doesNotMatch(line, /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
      if (format === "json") assert.equal(JSON.parse(line).message, message);
    }
  }));
});
