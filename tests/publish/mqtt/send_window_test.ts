import assert from "node:assert/strict";
import { SendWindow } from "../../../src/publish/mqtt/send_window.ts";

Deno.test("a window lets a number enter, and the others in order as room becomes free", async () => {
  const window = new SendWindow(2);
  const inside: number[] = [];
  const entries = [0, 1, 2, 3].map((i) => window.enter().then(() => inside.push(i)));
  await Promise.all(entries.slice(0, 2));
  assert.deepEqual(inside, [0, 1]);
  window.leave();
  await entries[2];
  assert.deepEqual(inside, [0, 1, 2]);
  window.leave();
  await entries[3];
  window.leave();
  window.leave();
  await Promise.all([window.enter(), window.enter()]);
  assert.deepEqual(inside, [0, 1, 2, 3]);
});
