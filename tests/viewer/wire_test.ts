import assert from "node:assert/strict";
import fc from "fast-check";
import { type Batch, decodeBatch, encodeBatch } from "../../src/viewer/wire.ts";

Deno.test("batches come back as they were, blobs aligned", () => {
  const item = fc.record({
    text: fc.string({ unit: "grapheme" }),
    blob: fc.option(fc.uint8Array({ maxLength: 40 }), { nil: undefined }),
  });
  fc.assert(fc.property(fc.array(item), (parts) => {
    const items = parts.map(({ text, blob }) => ({
      pipeline: text,
      topic: "picture",
      message: { t: 1.5, epochMs: 2 },
      ...(blob && { blob: blob.slice() }),
    })) as unknown as Batch["items"];
    const batch = decodeBatch(encodeBatch({ number: 7, items }).buffer);
    assert.equal(batch.number, 7);
    assert.deepEqual(
      batch.items.map((item) => ({ ...item, ...(item.blob && { blob: [...item.blob] }) })),
      items.map((item) => ({ ...item, ...(item.blob && { blob: [...item.blob] }) })),
    );
    assert.ok(batch.items.every(({ blob }) => !blob || blob.byteOffset % 4 === 0));
  }));
});
