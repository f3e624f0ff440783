import assert from "node:assert/strict";
import { type DrawPicture, PictureQueue } from "../../src/publish/picture_queue.ts";
import { sampleEvent } from "../support/sample_event.ts";

const file = { data: new Uint8Array([1]), contentType: "image/jpeg", width: 1, height: 1 };

Deno.test("one picture is drawn at a time; a newer one of its kind replaces one that waits", async () => {
  const delivered: string[] = [];
  const queue = new PictureQueue(
    ({ event }) => delivered.push(`${event.kind} ${event.seq}`),
    () => {},
  );
  const gate = Promise.withResolvers<void>();
  let drawing = 0;
  const draw: DrawPicture = async () => {
    assert.equal(++drawing, 1);
    await gate.promise;
    drawing--;
    return file;
  };
  for (const seq of [0, 1, 2]) queue.add(sampleEvent({ kind: "sound", seq }), draw);
  queue.add(sampleEvent({ kind: "speech", seq: 0 }), draw);
  queue.add(sampleEvent({ kind: "sound", seq: 3 }), draw);
  gate.resolve();
  await queue.idle();
  assert.deepEqual(delivered, ["sound 0", "speech 0", "sound 3"]);
  assert.deepEqual(queue.counters, { drawn: 3, replaced: 2, failed: 0 });
});

Deno.test("a picture that can't be drawn is counted, and the next one is drawn", async () => {
  const delivered: number[] = [];
  const failures: unknown[] = [];
  const queue = new PictureQueue(
    ({ event }) => delivered.push(event.seq),
    (error) => failures.push(error),
  );
  const error = new Error("no memory");
  queue.add(sampleEvent({ seq: 0 }), () => Promise.reject(error));
  await queue.idle();
  queue.add(sampleEvent({ seq: 1 }), () => Promise.resolve(file));
  await queue.idle();
  assert.deepEqual([delivered, failures], [[1], [error]]);
  assert.deepEqual(queue.counters, { drawn: 1, replaced: 0, failed: 1 });
});
