import assert from "node:assert/strict";
import { FloodGuard } from "../../src/core/flood_guard.ts";
import type { LogEntry } from "../../src/core/log_line.ts";

const START = Date.UTC(2026, 0, 1);

function entry(message: string, atMs = 0, pipeline = "front"): LogEntry {
  return { time: new Date(START + atMs), level: "warning", pipeline, message, fields: {} };
}

function guarded() {
  const lines: string[] = [];
  const guard = new FloodGuard(({ pipeline, message }) => lines.push(`${pipeline}: ${message}`));
  return { guard, lines };
}

Deno.test("of identical messages five pass in 10 s, and a line counts the rest", () => {
  const { guard, lines } = guarded();
  for (let i = 0; i < 261_825; i++) guard.take(entry("bad message", i % 9_000));
  assert.deepEqual(lines, Array(5).fill("front: bad message"));
  guard.flush();
  assert.equal(lines.length, 6);
  assert.equal(lines[5], "front: repeated 261820 more times: bad message");
});

Deno.test("the next window starts with the count of the last one", () => {
  const { guard, lines } = guarded();
  for (let i = 0; i < 7; i++) guard.take(entry("again", i));
  guard.take(entry("again", 10_000));
  assert.deepEqual(lines.slice(5), ["front: repeated 2 more times: again", "front: again"]);
  guard.flush();
  assert.equal(lines.length, 7);
});

Deno.test("what is not repeated five times is never held back or summed up", () => {
  const { guard, lines } = guarded();
  for (let i = 0; i < 5; i++) for (const name of ["front", "rear"]) guard.take(entry("x", i, name));
  guard.take(entry("x", -60_000));
  guard.flush();
  assert.equal(lines.length, 11);
});

Deno.test("of messages that all differ 1,000 pass in 10 s", () => {
  const { guard, lines } = guarded();
  for (let i = 0; i < 50_000; i++) guard.take(entry(`message ${i}`));
  assert.equal(lines.length, 1_000);
  guard.flush();
  assert.deepEqual(lines.slice(1_000), ["undefined: 49000 more log lines were left out"]);
});
