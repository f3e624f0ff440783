import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { openCapture } from "../../src/capture/capture.ts";
import { planOf } from "./media.ts";

/** Hashes of all frames, and how many pieces of memory they were in. */
async function read(recycling: boolean) {
  const source = { video: "test://ball", audio: "test://sine", pace: "fast" };
  await using capture = await openCapture(planOf(source));
  const hashes: string[] = [];
  const memory = new Set<ArrayBufferLike>();
  for await (const frame of capture.frames()) {
    hashes.push(createHash("sha256").update(frame.data).digest("hex"));
    memory.add(frame.data.buffer);
    if (recycling) capture.recycle!(frame);
    if (hashes.length === 30) break;
  }
  return { hashes, memory: memory.size };
}

Deno.test("memory of frames that is given back is used for later frames, and their content is the same", async () => {
  const fresh = await read(false);
  const recycled = await read(true);
  assert.deepEqual(recycled.hashes, fresh.hashes);
  assert.ok(new Set(fresh.hashes).size > 10);
  assert.deepEqual([fresh.memory, recycled.memory], [30, 1]);
});
