import assert from "node:assert/strict";
import { withDeadline } from "../../src/core/deadline.ts";

const late = () => new Error("late");

Deno.test("a promise within its deadline is passed through", async () => {
  assert.equal(await withDeadline(60_000, Promise.resolve(3), late), 3);
  await assert.rejects(
    withDeadline(60_000, Promise.reject(new Error("own")), late),
    /^Error: own$/,
  );
});

Deno.test("a promise that never settles is an error, and may settle later", async () => {
  const { promise, reject } = Promise.withResolvers<void>();
  await assert.rejects(withDeadline(1, promise, late), /^Error: late$/);
  reject(new Error("ignored"));
  await new Promise((resolve) => setTimeout(resolve));
});

Deno.test("a result that is due together with the deadline counts", async () => {
  const result = new Promise<number>((resolve) => setTimeout(() => resolve(7), 5));
  const waiting = withDeadline(5, result, late);
  // The process is busy, or was stopped, beyond both.
  const end = performance.now() + 30;
  while (performance.now() < end);
  assert.equal(await waiting, 7);
});
