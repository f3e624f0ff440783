import assert from "node:assert/strict";
import { LineLimiter } from "../../src/publish/line_limiter.ts";
import { keepLog } from "../support/open_sink.ts";

Deno.test("of many warnings one passes every 10 s, and the others are counted", () => {
  const { log, lines } = keepLog();
  let now = 0;
  const limiter = new LineLimiter(log, () => now);
  for (let i = 0; i < 100; i++) limiter.warn(`line ${i}`);
  now = 9_999;
  limiter.warn("too soon");
  now = 10_000;
  limiter.warn("in time");
  now = 30_000;
  limiter.warn("alone");
  limiter.warn("left out");
  limiter.flush();
  limiter.flush();
  assert.deepEqual(lines, [
    "warning: line 0",
    "warning: in time (and 100 more like it)",
    "warning: alone",
    "warning: Similar warnings not shown: 1",
  ]);
});
