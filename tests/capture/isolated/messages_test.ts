import assert from "node:assert/strict";
import fc from "fast-check";
import {
  encodeMessages,
  type Message,
  MessageReader,
} from "../../../src/capture/isolated/messages.ts";

const PLAIN = { noNullPrototype: true } as const;
const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({
    kind: fc.constant("sample" as const),
    to: fc.constantFrom("video" as const, "audio" as const, "pictures" as const),
    sample: fc.record({
      ptsNs: fc.option(fc.maxSafeInteger(), { nil: undefined }),
      data: fc.uint8Array({ maxLength: 40 }).map((bytes) => new Uint8Array(bytes)),
    }, PLAIN),
  }, PLAIN),
  fc.record({
    kind: fc.constant("failed" as const),
    message: fc.string({ unit: "grapheme" }),
    path: fc.array(fc.string()),
    permanent: fc.boolean(),
  }, PLAIN),
  fc.record({ kind: fc.constant("ended" as const), stream: fc.constant("audio" as const) }, PLAIN),
);

Deno.test("messages survive a pipe that delivers them in pieces of any length", () => {
  fc.assert(
    fc.property(fc.array(message), fc.array(fc.nat(100)), (messages, lengths) => {
      const bytes = encodeMessages(messages);
      const reader = new MessageReader();
      const read: Message[] = [];
      let at = 0;
      for (const length of [...lengths, bytes.length]) {
        read.push(...reader.read(bytes.subarray(at, at + length)));
        at += length;
      }
      assert.deepEqual(read, messages);
    }),
    { numRuns: 200 },
  );
});
