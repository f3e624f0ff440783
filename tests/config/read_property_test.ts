import assert from "node:assert/strict";
import fc from "fast-check";
import { stringify } from "yaml";
import { formatFault } from "../../src/config/fault.ts";
import { pipelineSchema } from "../../src/pipeline/schema.ts";
import { readText } from "./pipeline_file.ts";

const key = fc.constantFrom(
  "name",
  "source",
  "uri",
  "video",
  "window",
  "hop",
  "detect",
  "zones",
  "runtime",
  "providers",
  "publish",
  "mqtt",
  "__proto__",
  "constructor",
  "<<",
  "1",
);
const value = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, 0, 1.5, -1, "200ms", "${X}", "${", "", "rtsp://a:b@c", "x"),
    fc.array(tie("tree"), { maxLength: 3 }),
    fc.dictionary(key, tie("tree"), { maxKeys: 5 }),
  ),
})).tree;

/** Pieces of YAML whose order makes multi-line scalars, broken nesting, anchors and tags. */
const piece = fc.constantFrom(
  ...["source:", "model:", "detect:", "window:", "hop:", "uri:", "<<:", "a", "b c", "200", "~"],
  ..." |  |    |\n|\r\n|\t|: |- |? |, |[|]|{|}|#|&x |*x|!t |---|...|%YAML 1.2".split("|"),
  ...["|", ">", "|-", ">+", '"', "'", "\\", "\\n", "${X}", "$${", "é", "😀"],
);

Deno.test("whatever a file holds, reading it gives a pipeline or faults with their places", async () => {
  const text = fc.oneof(
    value.map((tree) => stringify(tree)),
    fc.array(piece, { maxLength: 25 }).map((pieces) => pieces.join("")),
    fc.string({
      maxLength: 80,
      unit: fc.constantFrom(..."abn: -[]{}\"'#&*!|>%@`$\n\t,?~1\u0000é".split("")),
    }),
  );
  await fc.assert(
    fc.asyncProperty(text, async (text) => {
      const { config, faults } = await readText(text);
      assert.equal(config === undefined, faults.length > 0);
      const lines = text.split("\n");
      for (const fault of faults) {
        const { line, column, message } = fault;
        assert.ok(message.length > 0);
        assert.ok(!formatFault(fault).includes("\n"), message);
        if (line === undefined) continue;
        assert.ok(line >= 1 && line <= lines.length, `line ${line} of ${lines.length}`);
        assert.ok(column! >= 1 && column! <= lines[line - 1].length + 1, `column ${column}`);
      }
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("a pipeline written out and read again is the same", async () => {
  const share = fc.integer({ min: 0, max: 100 }).map((n) => n / 100);
  const point = fc.tuple(share, share);
  const arbitrary = fc.record({
    name: fc.stringMatching(/^[a-z0-9-]{1,10}$/),
    source: fc.record({ uri: fc.constantFrom("a.mkv", "123", "true", "a: b", "~") }),
    model: fc.constant("m"),
    window: fc.record({ hop: fc.integer({ min: 20, max: 500 }).map((ms) => `${ms}ms`) }),
    detect: fc.record({
      gate: fc.integer({ min: -90, max: 0 }).map((level) => `${level}dBFS`),
      zones: fc.dictionary(
        fc.stringMatching(/^[a-z]{1,5}$/),
        fc.array(point, { minLength: 3, maxLength: 5 }),
        { maxKeys: 3 },
      ),
    }),
    camera: fc.record({ hfov: fc.integer({ min: 1, max: 179 }).map((angle) => `${angle}deg`) }),
  });
  await fc.assert(
    fc.asyncProperty(arbitrary, async (pipeline) => {
      const { config } = await readText(stringify(pipeline));
      assert.ok(config);
      const again = await readText(stringify(pipelineSchema.encode(config)));
      assert.deepEqual(again.config, config);
    }),
    { numRuns: 100 },
  );
});
