import assert from "node:assert/strict";
import { BackOff, RECONNECT_DELAYS_MS } from "../../src/core/back_off.ts";

Deno.test("pauses grow to a minute and stay there", async () => {
  const backOff = new BackOff();
  const stopped = AbortSignal.abort();
  const pauses: number[] = [];
  for (let i = 0; i < 6; i++) {
    pauses.push(backOff.nextMs);
    await backOff.wait(stopped);
  }
  assert.deepEqual(pauses, [1_000, 5_000, 10_000, 60_000, 60_000, 60_000]);
  backOff.reset();
  assert.equal(backOff.nextMs, RECONNECT_DELAYS_MS[0]);
});

Deno.test("a pause of an hour ends on hurry and on abort", async () => {
  const backOff = new BackOff([3_600_000]);
  const hurried = backOff.wait(new AbortController().signal);
  backOff.hurry();
  await hurried;
  const stop = new AbortController();
  const stopped = backOff.wait(stop.signal);
  stop.abort();
  await stopped;
});

Deno.test("a pause ends when the probe answers, but not before the shortest pause", async () => {
  const backOff = new BackOff([20, 3_600_000]);
  const signal = new AbortController().signal;
  let asked = 0;
  await backOff.wait(signal, () => Promise.resolve(++asked > 0));
  assert.equal(backOff.nextMs, 3_600_000);
  asked = 0;
  await backOff.wait(signal, () => Promise.resolve(++asked === 3));
  assert.equal(asked, 3);
});
