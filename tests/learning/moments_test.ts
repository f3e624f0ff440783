import assert from "node:assert/strict";
import fc from "fast-check";
import { momentsOf } from "../../src/learning/moments.ts";

const marks = (text: string) => Uint8Array.from(text, (mark) => mark === "#" ? 1 : 0);

Deno.test("a moment goes over short pauses, and clicks are none", () => {
  assert.deepEqual(momentsOf([marks("..##.###....#..."), marks("................")]), [
    { head: 0, from: 2, steps: 6 },
  ]);
});

Deno.test("a long moment is divided evenly, and the three longest of a head are taken", () => {
  assert.deepEqual(momentsOf([marks("#".repeat(40))]), [
    { head: 0, from: 0, steps: 13 },
    { head: 0, from: 13, steps: 13 },
    { head: 0, from: 26, steps: 13 },
  ]);
  const found = momentsOf([marks("##....###....####....#####")]);
  assert.deepEqual(found.map(({ steps }) => steps), [3, 4, 5]);
});

Deno.test("moments are within the steps and do not overlap", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 1 }), { maxLength: 120 }), (steps) => {
      let end = 0;
      for (const { from, steps: count } of momentsOf([Uint8Array.from(steps)])) {
        assert.ok(from >= end && count >= 2 && count <= 16);
        end = from + count;
      }
      assert.ok(end <= steps.length);
    }),
    { numRuns: 50 },
  );
});
