import assert from "node:assert/strict";
import { BackOff, RECONNECT_DELAYS_MS, RESPONDING_DELAYS_MS } from "../../src/core/back_off.ts";

const { signal } = new AbortController();

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

Deno.test("a pause ends as soon as a probe finds that the target responds", async () => {
  const backOff = new BackOff([3_600_000]);
  let asked = 0;
  await backOff.wait(signal, () => Promise.resolve(++asked === 3));
  assert.equal(asked, 3);
});

Deno.test("a probe that takes long does not delay the next one, and few are under way", async () => {
  const backOff = new BackOff([3_600_000]);
  let asked = 0;
  const hung = new Promise<boolean>(() => {});
  const waiting = backOff.wait(signal, () => ++asked === 5 ? Promise.resolve(true) : hung);
  await waiting;
  assert.equal(asked, 5);
  asked = 0;
  const crowd = new BackOff([2_000]);
  await crowd.wait(signal, () => {
    asked++;
    return hung;
  });
  assert.equal(asked, 8);
});

Deno.test("while the target responds but attempts fail, pauses grow to a second", async () => {
  const backOff = new BackOff();
  for (const leastMs of RESPONDING_DELAYS_MS) {
    const beganMs = performance.now();
    await backOff.wait(signal, () => Promise.resolve(true));
    // Timers may be early by less than a millisecond.
    assert.ok(performance.now() - beganMs > leastMs - 1);
  }
});

Deno.test("if nothing is known of the target, only the first attempt is made at once", async () => {
  const backOff = new BackOff([3_600_000, 7_200_000]);
  const unknown = () => Promise.resolve(undefined);
  await backOff.wait(signal, unknown);
  assert.equal(backOff.nextMs, 3_600_000);
  const usual = backOff.wait(signal, unknown);
  assert.equal(backOff.nextMs, 7_200_000);
  await new Promise((resolve) => setTimeout(resolve, 50));
  backOff.hurry();
  await usual;
  assert.equal(backOff.nextMs, 7_200_000);
  backOff.lasted(60_000);
  assert.equal(backOff.nextMs, 3_600_000);
});
