import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { LiveReader } from "../../src/pipeline/live_reader.ts";

Deno.test("after a hop, audio is read again at once only if the next hop is due before the next read", async () => {
  let [reads, dueNs] = [0, 1e9];
  const reader = new LiveReader({
    capture: {
      take() {
        reads++;
        return { frames: [], audio: [], ended: { frames: false, audio: false } };
      },
    },
    frameRate: 10,
    keepFrame: () => {},
    keepChunk: () => {},
    dueNs: () => dueNs,
    endNs: () => 1e9,
    nowNs: () => 1e9,
    onTaken: () => {},
    onNews: () => {},
  });
  const reading = reader.run();
  assert.equal(reads, 1);
  dueNs = 1.5e9;
  reader.hopDone();
  await setImmediate();
  assert.equal(reads, 1);
  dueNs = 1.02e9;
  reader.hopDone();
  await setImmediate();
  assert.equal(reads, 2);
  reader.stop();
  await reading;
});
