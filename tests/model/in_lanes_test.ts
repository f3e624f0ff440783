import assert from "node:assert/strict";
import type { Encoders } from "../../src/model/encoders.ts";
import { inLanes } from "../../src/model/in_lanes.ts";

/** An encoder whose runs end when they are told to; a picture that starts with 0 fails. */
function encoderByHand() {
  const running = new Map<number, () => void>();
  const begun: number[] = [];
  const encoders = {
    encodeImages(frames: Uint8Array) {
      begun.push(frames[0]);
      return new Promise((resolve, reject) => {
        running.set(
          frames[0],
          () => frames[0] === 0 ? reject(new Error("no memory")) : resolve({}),
        );
      });
    },
  } as unknown as Encoders;
  const end = async (picture: number) => {
    running.get(picture)!();
    await settle();
  };
  return { encoders, begun, end };
}

async function settle() {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

Deno.test("no more pictures are encoded at once than there are lanes, in order, also after a failure", async () => {
  const { encoders, begun, end } = encoderByHand();
  const { encodeImages } = inLanes(encoders, 2);
  const runs = [1, 0, 2, 3, 4].map((picture) => encodeImages(Uint8Array.of(picture), 1));
  const failed = assert.rejects(runs[1], /no memory/);
  assert.deepEqual(begun, [1, 0]);
  await end(0);
  await failed;
  assert.deepEqual(begun, [1, 0, 2]);
  await end(2);
  await end(1);
  assert.deepEqual(begun, [1, 0, 2, 3, 4]);
  await end(3);
  await end(4);
  // All lanes are free again.
  const later = [5, 6, 7].map((picture) => encodeImages(Uint8Array.of(picture), 1));
  assert.deepEqual(begun.slice(5), [5, 6]);
  for (const picture of [5, 6, 7]) await end(picture);
  await Promise.all(later);
});
