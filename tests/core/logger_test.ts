import assert from "node:assert/strict";
import { configureLog, flushLog, logOf } from "../../src/core/logger.ts";

Deno.test("levels, secrets, braces and floods on the way of a line", () => {
  const lines: string[] = [];
  configureLog({ format: "text", level: "info", write: (line) => lines.push(line), journal: true });
  const log = logOf("front");
  log("debug", "too small");
  log("info", "open rtsp://me:hunter2@camera {and} {{braces}}");
  log("error", "broken", { code: 3 });
  logOf()("warning", "no pipeline");
  for (let i = 0; i < 8; i++) log("warning", "flood");
  flushLog();
  assert.deepEqual(lines, [
    "<6>front: open rtsp://me:***@camera {and} {{braces}}",
    "<3>front: error: broken",
    "<4>warning: no pipeline",
    ...Array(5).fill("<4>front: warning: flood"),
    "<4>front: warning: repeated 3 more times: flood",
  ]);
});

Deno.test("fields show in JSON", () => {
  const lines: string[] = [];
  configureLog({ format: "json", level: "debug", write: (line) => lines.push(line) });
  logOf("rear")("debug", "hop", { skipped: 2 });
  const { time, ...rest } = JSON.parse(lines[0]);
  assert.ok(!Number.isNaN(Date.parse(time)));
  assert.deepEqual(rest, {
    level: "debug",
    pipeline: "rear",
    message: "hop",
    fields: { skipped: 2 },
  });
});
